import { invalid } from '../errors.js';
import { elements } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { address, channelsLastStrides, type Value } from '../plan/value.js';
import { convolutionPanels, depthwiseTaps } from '../plan/weights.js';
import { ending, multiplyByWeight, productOf } from './products.js';

/** A window that is moved over a map: the sizes of a convolution or of pooling. */
interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Above and to the left. */
  readonly pads: readonly [number, number];
  readonly out: readonly [number, number];
}

const AUTO_PADS: ReadonlySet<string> = new Set(['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER']);

function windowOf(context: Context, map: Value, kernel: readonly [number, number]): Window {
  const pair = (name: string): [number, number] => {
    const list = context.list(name) ?? [1, 1];
    const [y = 0, x = 0] = list;
    if (!(y >= 1 && x >= 1) || list.length > 2)
      throw context.lacks(`${name} of ${list.join(' × ')}`);
    return [y, x];
  };
  const strides = pair('strides');
  const dilations = pair('dilations');
  const given = context.list('pads') ?? [0, 0, 0, 0];
  if (given.length !== 4 || !given.every((pad) => pad >= 0))
    throw context.lacks(`pads of ${given.join(', ')}`);
  const auto = context.text('auto_pad', 'NOTSET');
  if (!AUTO_PADS.has(auto)) throw context.lacks(`auto_pad ${auto}`);
  const ceil = context.number('ceil_mode', 0);
  const axes = [0, 1].map((axis) => {
    const size = map.dims[axis + 2] ?? 0;
    const [stride = 1, dilation = 1, taps = 1] = [strides[axis], dilations[axis], kernel[axis]];
    const span = (taps - 1) * dilation + 1;
    if (auto.startsWith('SAME')) {
      const out = Math.ceil(size / stride);
      const all = Math.max(0, (out - 1) * stride + span - size);
      const before = auto === 'SAME_LOWER' ? Math.ceil(all / 2) : Math.floor(all / 2);
      return { before, out };
    }
    const [before, after] = auto === 'VALID' ? [0, 0] : [given[axis] ?? 0, given[axis + 2] ?? 0];
    const steps = (size + before + after - span) / stride;
    if (ceil && !Number.isInteger(steps)) throw context.lacks('ceil_mode');
    return { before, out: Math.floor(steps) + 1 };
  });
  const [y, x] = axes;
  if (!y || !x || y.out < 1 || x.out < 1) {
    throw context.lacks('a kernel larger than its map');
  }
  return { kernel, strides, dilations, pads: [y.before, x.before], out: [y.out, x.out] };
}

/** The map of one photo in a batch. */
function photo(value: Value, i: number): number {
  return address(value) + i * (value.strides[0] ?? 0) * 4;
}

export function conv(context: Context): void {
  const given = context.floats(0);
  const { weight, dims: weightDims } = context.floats(1);
  const biasName = context.node.inputs[2] || undefined;
  if (weight === undefined) throw context.lacks('computed kernels');
  if (given.dims.length !== 4) throw context.lacks(`${given.dims.length - 2} axes`);
  if (biasName !== undefined && !context.weights.has(biasName)) {
    throw context.lacks('a computed bias');
  }
  const [batch = 1, channels = 1, height = 1, width = 1] = given.dims;
  const [outChannels = 1, inChannels = 1, kernelHeight = 1, kernelWidth = 1] = weightDims;
  const groups = context.number('group', 1);
  if (weightDims.length !== 4 || inChannels * groups !== channels || outChannels % groups !== 0) {
    throw invalid(
      `Conv with kernels of ${weightDims.join(' × ')} over a map of ${given.dims.join(' × ')}.`,
    );
  }
  const named = context.list('kernel_shape') ?? [kernelHeight, kernelWidth];
  if (named.join() !== `${kernelHeight},${kernelWidth}`) {
    throw invalid(`Conv with kernels of ${weightDims.join(' × ')} named ${named.join(' × ')}.`);
  }
  const x = context.channelsLast(given);
  const size = windowOf(context, x, [kernelHeight, kernelWidth]);
  const [outHeight, outWidth] = size.out;
  const dims = [batch, outChannels, outHeight, outWidth];
  const strides = channelsLastStrides(dims);
  const { ending: end, after } = ending(context, dims, strides, outChannels, biasName);
  const out = productOf(context, dims, strides, after);
  const { kernels, weights } = context;
  const { bias, residual, flags, low, high } = end;
  const pixels = outHeight * outWidth;
  const multiplyAdds = elements(dims) * inChannels * kernelHeight * kernelWidth;
  // Neither moved nor thinned out; as many pixels out as in are not enough.
  const isPointwise =
    kernelHeight * kernelWidth === 1 &&
    groups === 1 &&
    [...size.strides, ...size.pads].join() === '1,1,0,0' &&
    outHeight === height &&
    outWidth === width;
  const shape = [
    ...[height, width, outHeight, outWidth, kernelHeight, kernelWidth],
    ...[...size.strides, ...size.pads, ...size.dilations],
  ] as unknown as [
    ...[number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ];

  if (isPointwise) {
    const view = { k: channels, n: outChannels, strideK: 1, strideN: channels, axisN: 0 };
    multiplyByWeight(context, { name: weight, view }, x, channels, out, batch * pixels, end);
  } else if (groups === channels && groups === outChannels && !residual) {
    const taps = weights.arranged('depthwise', weight, (data) => depthwiseTaps(data, weightDims));
    context.step(
      [x],
      [out],
      () => {
        for (let i = 0; i < batch; i++) {
          kernels.depthwise(photo(out, i), photo(x, i), taps, bias, channels, ...shape, low, high);
        }
      },
      { kernel: 'depthwise convolution', multiplyAdds },
    );
  } else {
    const perGroup = outChannels / groups;
    const panelDims = [perGroup, inChannels, kernelHeight, kernelWidth];
    const groupSize = elements(panelDims);
    // Each group starts with a panel of its own.
    const panelBytes = Math.ceil(perGroup / 8) * 32 * inChannels * kernelHeight * kernelWidth;
    const panels = weights.arranged(`panels ${groups}`, weight, (data) => {
      const all = new Float32Array((panelBytes / 4) * groups);
      for (let g = 0; g < groups; g++) {
        const part = data.subarray(g * groupSize, (g + 1) * groupSize);
        all.set(convolutionPanels(part, panelDims), (g * panelBytes) / 4);
      }
      return all;
    });
    context.step(
      [x, residual],
      [out],
      () => {
        for (let i = 0; i < batch; i++) {
          for (let g = 0; g < groups; g++) {
            const skip = g * perGroup * 4;
            kernels.convolve(
              photo(out, i) + skip,
              outChannels * 4,
              photo(x, i) + g * inChannels * 4,
              channels * 4,
              panels + g * panelBytes,
              bias + skip,
              inChannels,
              perGroup,
              ...shape,
              residual ? photo(residual, i) + skip : 0,
              flags,
              low,
              high,
            );
          }
        }
      },
      { kernel: 'other convolution', multiplyAdds },
    );
  }
  after?.(out);
}

/** `MaxPool` (0), `AveragePool` without (1) and with (2) its pads. */
function pool(context: Context, mean: number): void {
  const given = context.floats(0);
  const [batch = 1, channels = 1, height = 1, width = 1] = given.dims;
  if (given.dims.length !== 4) throw context.lacks(`${given.dims.length - 2} axes`);
  if (context.wants(1)) throw context.lacks('places as a second output');
  const kernel = context.list('kernel_shape') ?? [];
  const [kernelHeight = 0, kernelWidth = 0] = kernel;
  if (kernel.length !== 2 || !kernel.every((side) => side >= 1)) {
    throw invalid(`A window of ${kernel.join(' × ')} over a map of ${given.dims.join(' × ')}.`);
  }
  const x = context.channelsLast(given);
  const size = windowOf(context, x, [kernelHeight, kernelWidth]);
  const [dilationY, dilationX] = size.dilations;
  if (dilationY !== 1 || dilationX !== 1) throw context.lacks('dilations');
  const dims = [batch, channels, ...size.out];
  const out = context.output(0, 'float32', dims, channelsLastStrides(dims));
  context.step([x], [out], () => {
    for (let i = 0; i < batch; i++) {
      context.kernels.pool(
        photo(out, i),
        photo(x, i),
        channels,
        height,
        width,
        ...size.out,
        kernelHeight,
        kernelWidth,
        ...size.strides,
        ...size.pads,
        mean,
      );
    }
  });
}

export function maxPool(context: Context): void {
  pool(context, 0);
}

export function averagePool(context: Context): void {
  pool(context, context.number('count_include_pad', 0) ? 2 : 1);
}
