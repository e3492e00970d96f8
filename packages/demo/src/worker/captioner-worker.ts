/// <reference lib="webworker" />
import type { Captioner, CaptionResult, LoadOptions } from 'zipcaption';
import type { Caption, CaptionRequest } from '../caption.js';
import type * as library from './library.js';
import type { FromWorker, ToWorker } from './messages.js';
import { type DeployedFile, fetchFiles } from './model-files.js';

/*
 * Everything heavy: downloading, unpacking, decoding, running the model. The page only draws. The library is a script
 * of its own, so that the model's files are on their way before it is there.
 */

/** Put in by the build: the file name of library.ts. */
declare const LIBRARY: string;
/** Put in by the build. */
declare const MODEL_FILES: readonly DeployedFile[];
/** onnxruntime-web's files; null for a model that the engine runs. */
declare const RUNTIME: { readonly wasm: DeployedFile; readonly mjs: string } | null;

declare const self: DedicatedWorkerGlobalScope;

/** Address of the page's folder: this script lies in it. */
const base = new URL('.', import.meta.url).href;

let loading: Promise<Captioner> | undefined;
const running = new Map<number, AbortController>();
let keepFiles: (() => Promise<void>) | undefined;
/** Models of this size were not faster on several threads. */
const backend = 'WebAssembly SIMD · 1 thread';

/** The library's defaults, which a visitor cannot change: the library's own message names options. */
const LIMITS = { maxBytes: 32 * 2 ** 20, maxPixels: 100_000_000 };
const TOO_LARGE =
  'This photo is too large: at most 100 megapixels and 32 MB are taken. Make it smaller, and try again.';

const tell = (message: FromWorker) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'load') void ready().catch(() => undefined);
  if (data.type === 'caption') void caption(data);
  if (data.type === 'cancel') running.get(data.id)?.abort();
};

/** The captioner; the first call loads it, and the first call after a failure tries again. */
function ready(): Promise<Captioner> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    tell({ type: 'load-failed', ...describe(error) });
    throw error;
  });
  return loading;
}

/** The model's files are kept once no photo waits: writing them stops this thread for longer than a search for words. */
function keepWhenIdle(): void {
  if (running.size > 0) return;
  void keepFiles?.().catch(() => undefined);
  keepFiles = undefined;
}

async function load(): Promise<Captioner> {
  const wanted = [...MODEL_FILES, ...(RUNTIME ? [RUNTIME.wasm] : [])];
  const [{ loadCaptioner }, { files, keep }] = await Promise.all([
    importLibrary(),
    fetchFiles(wanted, base, (progress) => tell({ type: 'progress', ...progress })),
  ]);
  tell({ type: 'starting' });
  const start = performance.now();
  const captioner = await loadCaptioner({ model: files, ...runtimeOptions(files) });
  // The first run compiles and lays out what later ones reuse. A photo that waits already does that as well.
  if (running.size === 0) {
    const blank = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 as const };
    await captioner.caption(blank, { numBeams: 1, maxLength: 2 });
  }
  const { name, version, generation } = captioner.model;
  tell({
    type: 'ready',
    backend,
    model: `${name} ${version}`,
    defaults: { numBeams: generation.numBeams, maxLength: generation.maxLength },
    startup: performance.now() - start,
  });
  keepFiles = keep;
  keepWhenIdle();
  return captioner;
}

/** What was not found once is not looked for again by a worker: the page has to start another. */
async function importLibrary(): Promise<typeof library> {
  try {
    return await import(new URL(LIBRARY, base).href);
  } catch (error) {
    reportError(error);
    throw error;
  }
}

function runtimeOptions(files: ReadonlyMap<string, Uint8Array>): LoadOptions {
  if (!RUNTIME) return { runtime: 'engine' };
  const wasm = files.get(RUNTIME.wasm.name);
  return {
    runtime: 'web',
    threads: 1,
    wasm: { mjs: new URL(RUNTIME.mjs, base), ...(wasm && { wasm }) },
  };
}

async function caption({
  id,
  photo,
  request,
  stream,
}: Extract<ToWorker, { type: 'caption' }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const captioner = await ready();
    const onWords = stream ? (text: string) => tell({ type: 'words', id, text }) : undefined;
    const found = await search(captioner, photo, request, onWords, controller.signal);
    tell({ type: 'result', id, caption: toCaption(found) });
  } catch (error) {
    tell({ type: 'failed', id, ...describe(error) });
  } finally {
    running.delete(id);
    keepWhenIdle();
  }
}

interface Found {
  readonly result: CaptionResult;
  /** Milliseconds of a first pass whose words were only a draft. */
  readonly draft: number;
}

/**
 * Beam search knows its words only at its end. So that words are seen while they are found, a greedy
 * pass writes a draft first, which the beams' caption then replaces.
 */
async function search(
  captioner: Captioner,
  photo: Blob,
  { numBeams, maxLength }: CaptionRequest,
  onWords: ((text: string) => void) | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const attention = captioner.model.decoder.attention !== undefined;
  const always = { ...LIMITS, maxLength, signal };
  let text = '';
  const greedy = {
    ...always,
    numBeams: 1,
    ...(onWords && {
      onToken: (piece: string) => {
        text += piece;
        onWords(text);
      },
    }),
  };
  if (numBeams === 1) {
    return { result: await captioner.caption(photo, { ...greedy, attention }), draft: 0 };
  }
  const draft = onWords ? (await captioner.caption(photo, greedy)).timings.total : 0;
  const beams = { ...always, numBeams, numCaptions: numBeams, attention };
  return { result: await captioner.caption(photo, beams), draft };
}

function toCaption({ result, draft }: Found): Caption {
  const { text, score, confidence, alternatives, timings, model, warnings } = result;
  const { decode, preprocess, encode, search, detokenize, total } = timings;
  const stages = { draft, decode, preprocess, encode, words: search + detokenize };
  return {
    text,
    score,
    confidence,
    warnings,
    backend,
    alternatives: alternatives.map((other) => ({
      text: other.text,
      score: other.score,
      confidence: other.confidence,
    })),
    attention: result.attention ?? [],
    tags: result.tags ?? [],
    stages: Object.entries(stages)
      .filter(([name, milliseconds]) => name !== 'draft' || milliseconds > 0)
      .map(([name, milliseconds]) => ({ name, milliseconds })),
    total: draft + total,
    model: `${model.name} ${model.version}`,
  };
}

function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  // The library's errors and those of the download have codes of letters, the browser's own have numbers.
  const isNamed = error instanceof Error && 'code' in error && typeof error.code === 'string';
  const code = isNamed ? String(error.code) : 'UNEXPECTED';
  return { code, message: code === 'IMAGE_TOO_LARGE' ? TOO_LARGE : message };
}
