import { CaptionError } from '../../errors.js';

/** The decoder's WebAssembly: its bytes, the compiled module, or a function that gets one of them. */
export type WebpWasm =
  | Uint8Array
  | WebAssembly.Module
  | (() => Promise<Uint8Array | WebAssembly.Module>);

/** What the decoder gives: RGBA with straight alpha. */
export interface WebpPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** A decoder whose memory grew beyond this is thrown away: WebAssembly memory never shrinks. */
const KEPT_BYTES = 32 * 2 ** 20;

/** What is used of the module that Emscripten made. */
interface Codec {
  decode(bytes: Uint8Array): WebpPixels | null;
  readonly HEAPU8: Uint8Array;
}

type CodecFactory = (options: {
  noInitialRun: boolean;
  locateFile(name: string): string;
  print(text: string): void;
  printErr(text: string): void;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
}) => Promise<Codec>;

let wasm: WebpWasm | undefined;
let parts: Promise<Parts> | undefined;
let idle: Codec | undefined;

/**
 * Says where `webp_dec.wasm` of @jsquash/webp comes from. Each platform's entry sets its own way to
 * find it; a bundle that carries the file elsewhere sets it again before the first WebP.
 *
 * @example
 * setWebpWasm(() => readFile(new URL('./webp_dec.wasm', import.meta.url)));
 */
export function setWebpWasm(source: WebpWasm): void {
  wasm = source;
  parts = undefined;
  idle = undefined;
}

/**
 * Decodes a still WebP whole with libwebp (through @jsquash/webp, loaded on first use).
 *
 * @returns undefined where libwebp finds the data damaged or cut short
 * @throws CaptionError `UNSUPPORTED_FORMAT` when the WebAssembly cannot be found
 */
export async function decodeWithLibwebp(bytes: Uint8Array): Promise<WebpPixels | undefined> {
  const codec = idle ?? (await newCodec());
  // While it works, or if it fails, it is not for anybody else.
  idle = undefined;
  const pixels = withImageData(() => codec.decode(bytes)) ?? undefined;
  if (codec.HEAPU8.length <= KEPT_BYTES) idle = codec;
  return pixels;
}

interface Parts {
  readonly factory: CodecFactory;
  readonly module: WebAssembly.Module;
}

async function newCodec(): Promise<Codec> {
  parts ??= loadParts();
  const { factory, module } = await parts.catch((cause: unknown) => {
    // What could not be had now may be there next time.
    parts = undefined;
    throw new CaptionError(
      'UNSUPPORTED_FORMAT',
      'This is a WebP, and its decoder (@jsquash/webp with its file webp_dec.wasm) cannot be found. Put the file beside the program, or convert the photo to JPEG.',
      { cause },
    );
  });
  const silent = () => undefined;
  return withImageData(() =>
    factory({
      noInitialRun: true,
      locateFile: (name) => name,
      print: silent,
      printErr: silent,
      instantiateWasm(imports, done) {
        const instance = new WebAssembly.Instance(module, imports);
        done(instance);
        return instance.exports;
      },
    }),
  );
}

async function loadParts(): Promise<Parts> {
  const { default: factory } = await import('@jsquash/webp/codec/dec/webp_dec.js');
  const found = typeof wasm === 'function' ? await wasm() : wasm;
  if (!found) throw new Error('no location was set');
  const module =
    found instanceof WebAssembly.Module
      ? found
      : await WebAssembly.compile(found as Uint8Array<ArrayBuffer>);
  return { factory: factory as unknown as CodecFactory, module };
}

/**
 * The codec puts its result into an `ImageData`, which Node lacks; its glue code then defines one
 * for the whole program. That is not ours to leave behind: other code asks whether there is one to
 * find out where it runs.
 */
function withImageData<T>(work: () => T): T {
  const scope = globalThis as Record<string, unknown>;
  const isMissing = !('ImageData' in scope);
  if (isMissing) scope.ImageData = Pixels;
  try {
    return work();
  } finally {
    if (isMissing) delete scope.ImageData;
  }
}

class Pixels implements WebpPixels {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}
