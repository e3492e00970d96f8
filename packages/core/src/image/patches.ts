import { cutTiles } from './cut-tiles.js';
import { type PatchSpec, patchesEach, patchLayout } from './patch-layout.js';
import { normalise, type PixelValues, type PreprocessSpec, photoBox } from './preprocess.js';
import { resize } from './resize.js';
import type { Levels, RgbImage, Size } from './types.js';

/** The patches of a photo, whole or in tiles with a view of the whole after them. */
export function patchValues(
  image: RgbImage<Levels>,
  spec: PreprocessSpec,
  patches: PatchSpec,
): PixelValues {
  const tile = spec.width;
  const { rows, columns, whole } = patchLayout(image.reduction?.full ?? image, tile, patches);
  const resized = (size: Size) =>
    resize(image, size, spec.resample, {
      box: photoBox(image),
      ...(spec.arithmetic && { arithmetic: spec.arithmetic }),
    });
  const isCut = rows * columns > 1;
  const pictures = isCut
    ? cutTiles(resized({ width: columns * tile, height: rows * tile }), tile, spec.resample)
    : [];
  if (!isCut || patches.split?.overview) pictures.push(resized(whole));

  const { side } = patches;
  const room = patchesEach(patches, tile) * side * side * 3;
  const data = new Float32Array(pictures.length * room);
  pictures.forEach((picture, i) => {
    inPatches(picture, spec, side, data.subarray(i * room, (i + 1) * room));
  });
  return {
    data,
    tiles: { rows, columns, pictures: pictures.length },
    patches: pictures.map(({ width, height }) => [height / side, width / side]),
  };
}

/** Patch by patch, row by row; in a patch pixel by pixel. What is left of `to` stays 0. */
function inPatches(
  picture: RgbImage<Levels>,
  spec: PreprocessSpec,
  side: number,
  to: Float32Array,
): void {
  const pixels = normalise(picture, { ...spec, layout: 'nhwc' });
  const stride = picture.width * 3;
  const run = side * 3;
  let at = 0;
  for (let top = 0; top < picture.height; top += side) {
    for (let left = 0; left < stride; left += run) {
      for (let y = top; y < top + side; y++, at += run) {
        to.set(pixels.subarray(y * stride + left, y * stride + left + run), at);
      }
    }
  }
}
