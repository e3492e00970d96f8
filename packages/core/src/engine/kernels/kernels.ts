import { KERNELS } from './module.generated.js';

type Pointer = number;

/** The WebAssembly module's functions; what each does stands in `assembly/`. Pointers are in bytes. */
export interface Kernels {
  gemmFloat(
    ...args: [
      ...[out: Pointer, outStride: number, a: Pointer, aStride: number],
      ...[b: Pointer, panelStride: number, rowStride: number],
      ...[m: number, n: number, k: number],
      ...[bias: Pointer, residual: Pointer, flags: number, low: number, high: number],
    ]
  ): void;
  gemmTransposed(
    ...args: [
      ...[out: Pointer, outStride: number, a: Pointer, aStride: number],
      ...[b: Pointer, bStride: number, m: number, n: number, k: number],
    ]
  ): void;
  gemmInt8(
    ...args: [
      ...[out: Pointer, outStride: number, a: Pointer, aStride: number],
      ...[weights: Pointer, scales: Pointer, m: number, n: number, k: number],
      ...[limit: number, scratch: Pointer],
      ...[bias: Pointer, residual: Pointer, flags: number, low: number, high: number],
    ]
  ): void;
  gemmInt8Rows(k: number): number;
  packInt8(
    ...args: [
      ...[to: Pointer, from: Pointer, k: number, n: number],
      ...[strideK: number, strideN: number],
    ]
  ): number;
  gatherInt8Columns(
    ...args: [
      ...[out: Pointer, weights: Pointer, scales: Pointer, indices: Pointer],
      ...[count: number, k: number, n: number],
    ]
  ): number;
  depthwise(
    ...args: [
      ...[out: Pointer, input: Pointer, weights: Pointer, bias: Pointer, channels: number],
      ...[height: number, width: number, outHeight: number, outWidth: number],
      ...[kernelHeight: number, kernelWidth: number, strideY: number, strideX: number],
      ...[padTop: number, padLeft: number, dilationY: number, dilationX: number],
      ...[low: number, high: number],
    ]
  ): void;
  convolve(
    ...args: [
      ...[out: Pointer, outPixel: number, input: Pointer, pixel: number],
      ...[weights: Pointer, bias: Pointer, inChannels: number, outChannels: number],
      ...[height: number, width: number, outHeight: number, outWidth: number],
      ...[kernelHeight: number, kernelWidth: number, strideY: number, strideX: number],
      ...[padTop: number, padLeft: number, dilationY: number, dilationX: number],
      ...[residual: Pointer, flags: number, low: number, high: number],
    ]
  ): void;
  pool(
    ...args: [
      ...[out: Pointer, input: Pointer, channels: number, height: number, width: number],
      ...[outHeight: number, outWidth: number, kernelHeight: number, kernelWidth: number],
      ...[strideY: number, strideX: number, padTop: number, padLeft: number, mean: number],
    ]
  ): void;
  unary(operation: number, out: Pointer, x: Pointer, count: number): void;
  takeLost(): number;
  clip(out: Pointer, x: Pointer, count: number, low: number, high: number): void;
  binary(
    ...args: [operation: number, out: Pointer, a: Pointer, b: Pointer, rank: number, shape: Pointer]
  ): void;
  where(
    ...args: [
      ...[out: Pointer, condition: Pointer, a: Pointer, b: Pointer],
      ...[rank: number, axis: number, shape: Pointer],
    ]
  ): void;
  copyStrided(out: Pointer, x: Pointer, rank: number, axis: number, shape: Pointer): void;
  fill(out: Pointer, bits: number, count: number): void;
  gather(
    ...args: [
      ...[out: Pointer, x: Pointer, indices: Pointer],
      ...[outer: number, count: number, side: number, inner: number],
    ]
  ): number;
  gatherElements(
    ...args: [
      ...[out: Pointer, x: Pointer, indices: Pointer, rank: number, shape: Pointer],
      ...[side: number, axisStride: number, count: number],
    ]
  ): number;
  reduce(
    ...args: [
      operation: number,
      out: Pointer,
      x: Pointer,
      outer: number,
      side: number,
      inner: number,
    ]
  ): void;
  reduceWhole: Kernels['reduce'];
  argMost(
    ...args: [
      ...[out: Pointer, x: Pointer, outer: number, side: number, inner: number],
      ...[sign: number, last: number],
    ]
  ): void;
  topK(
    ...args: [
      ...[values: Pointer, indices: Pointer, x: Pointer],
      ...[outer: number, side: number, inner: number, count: number, sign: number],
    ]
  ): void;
  softmax(
    ...args: [out: Pointer, x: Pointer, outer: number, side: number, inner: number, isLog: number]
  ): void;
  layerNorm(
    ...args: [
      ...[out: Pointer, x: Pointer, scale: Pointer, bias: Pointer],
      ...[rows: number, side: number, epsilon: number],
    ]
  ): void;
}

/** For the benchmark; see `assembly/peak.ts`. */
export interface PeakKernels {
  peakFloat(count: number): number;
  peakInt16(count: number): number;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** Compiles the module, once a thread. */
export function compileKernels(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(bytesOf(KERNELS));
  return compiled;
}

/** A loop: `Uint8Array.from` with a function takes milliseconds of the start. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** An instance over a memory of its own. */
export async function instantiateKernels(
  memory: WebAssembly.Memory,
): Promise<Kernels & PeakKernels> {
  const module = await compileKernels();
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as unknown as Kernels & PeakKernels;
}
