import {
  type BlockTransform,
  EdgeTransform,
  isNeeded,
  type Plane,
  SpreadingTransform,
  TilingTransform,
} from './block-transform.js';
import { coverageOf } from './coverage.js';
import type { Component, Frame } from './frame.js';
import type { Samples } from './inverse-dct.js';
import { planAxis, type Scales, scaledSize } from './scale.js';
import type { QuantTable } from './tables.js';

/** The finished samples of a component: pixel (x, y) takes sample (x >> shiftX, y >> shiftY). */
export interface ComponentPlane extends Plane {
  readonly shiftX: number;
  readonly shiftY: number;
}

/** Mid-grey, or no colour: what stands where the file gives nothing. */
const GREY = 128;

/**
 * The way of one component's blocks into a plane, at a scale. The plane takes about as much memory as a
 * third of the output does, whatever the size of the picture: means are numbers of four bytes, and where
 * pixels are averaged later (`componentScale`), samples are bytes.
 */
export interface ComponentOutput {
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** Places in zigzag order of the coefficients that are needed; DC first. */
  readonly needed: readonly number[];
  /** The transform for a block. */
  transformAt(row: number, column: number): BlockTransform;
  /** The plane, when all blocks were written. */
  finish(): ComponentPlane;
}

const ALL = Array.from({ length: 64 }, (_, k) => k);

/**
 * Plans the way of a component and takes the memory for it.
 *
 * @param exactEdges at the right and lower edge, average only what is in the picture. Needs all
 * coefficients of the blocks there.
 */
export function componentOutput(
  frame: Frame,
  component: Component,
  scales: Scales,
  quant: QuantTable,
  exactEdges: boolean,
): ComponentOutput {
  const across = planAxis(component.h, frame.hMax, scales.across);
  const down = planAxis(component.v, frame.vMax, scales.down);
  if (across === undefined || down === undefined) {
    return spreadOutput(frame, component, scales, quant);
  }

  const { blocksAcross, blocksDown } = component;
  const plane: ComponentPlane = {
    data: greySamples(
      blocksAcross * across.points * blocksDown * down.points,
      across.points === 8 && down.points === 8,
    ),
    stride: blocksAcross * across.points,
    shiftX: across.shift,
    shiftY: down.shift,
  };
  const tiling = new TilingTransform(quant, plane, across.points, down.points);
  const needed = ALL.filter((k) => isNeeded(k, across.points, down.points));

  // Pixels that a sample of the plane stands for; one that reaches beyond the picture is cut.
  const cellWidth = (8 * frame.hMax) / component.h / across.points;
  const cellHeight = (8 * frame.vMax) / component.v / down.points;
  const cutsX = exactEdges && across.points < 8 && frame.width % cellWidth !== 0;
  const cutsY = exactEdges && down.points < 8 && frame.height % cellHeight !== 0;
  if (!cutsX && !cutsY) {
    return { blocksAcross, blocksDown, needed, transformAt: () => tiling, finish: () => plane };
  }
  const edge = new EdgeTransform(
    quant,
    plane,
    across.points,
    down.points,
    coverageOf(frame.width, component.h, frame.hMax, cellWidth),
    coverageOf(frame.height, component.v, frame.vMax, cellHeight),
  );
  const cutColumn = cutsX ? blocksAcross - 1 : -1;
  const cutRow = cutsY ? blocksDown - 1 : -1;
  const transformAt = (row: number, column: number) =>
    column === cutColumn || row === cutRow ? edge : tiling;
  return { blocksAcross, blocksDown, needed: ALL, transformAt, finish: () => plane };
}

function spreadOutput(
  frame: Frame,
  component: Component,
  scales: Scales,
  quant: QuantTable,
): ComponentOutput {
  const { blocksAcross, blocksDown } = component;
  const { width, height } = scaledSize(frame, scales);
  const plane: ComponentPlane = {
    data: greySamples(width * height, scales.across === 8 && scales.down === 8),
    stride: width,
    shiftX: 0,
    shiftY: 0,
  };
  const spreading = new SpreadingTransform(
    quant,
    plane,
    coverageOf(frame.width, component.h, frame.hMax, 8 / scales.across),
    coverageOf(frame.height, component.v, frame.vMax, 8 / scales.down),
  );
  return {
    blocksAcross,
    blocksDown,
    needed: ALL,
    transformAt: () => spreading,
    finish: () => plane,
  };
}

function greySamples(count: number, whole: boolean): Samples {
  const samples = whole ? new Uint8ClampedArray(count) : new Float32Array(count);
  return samples.fill(GREY);
}
