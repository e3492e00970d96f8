import {
  CaptionError,
  type CaptionOptions,
  type CaptionResult,
  type EmbedOptions,
} from 'zipcaption';
import type { Engine } from '../src/http/engine.js';

export interface Script {
  /** Words of the caption. Default "a dog runs". */
  readonly words?: readonly string[];
  /** Milliseconds before each word. Default 0. */
  readonly pace?: number;
  /** Waited for before the first word. */
  readonly hold?: Promise<void>;
  /** Tags that the model gives. Default: it gives none. */
  readonly tags?: CaptionResult['tags'];
  /** The feature vector. Default [0.6, 0.8]; null: the model has no features. */
  readonly features?: readonly number[] | null;
  /** Thrown instead of the first word, and of the vector. */
  readonly failure?: unknown;
  /** Thrown after the first word. */
  readonly lateFailure?: unknown;
}

export interface ScriptedEngine extends Engine {
  /** Captions. */
  readonly calls: { readonly bytes: Uint8Array; readonly options: CaptionOptions }[];
  readonly embedCalls: { readonly bytes: Uint8Array; readonly options: EmbedOptions }[];
}

/**
 * An engine that says what it is told to say, at the pace it is told to: for what a real model
 * cannot be made to do on demand. What a real one does is tested with a real one.
 */
export function scriptedEngine(script: Script = {}): ScriptedEngine {
  const { words = ['a', 'dog', 'runs'], pace = 0, tags, failure, lateFailure } = script;
  const { features = [0.6, 0.8], hold } = script;
  const calls: ScriptedEngine['calls'] = [];
  const embedCalls: ScriptedEngine['embedCalls'] = [];
  const encoder = features ? { features: 'features' } : {};
  return {
    calls,
    embedCalls,
    model: { name: 'scripted', version: '1.2.3', sha256: {}, encoder } as Engine['model'],
    async embed(input, options = {}) {
      embedCalls.push({ bytes: input as Uint8Array, options });
      if (failure) throw failure;
      await sleep(pace * words.length, options.signal);
      return Float32Array.from(features ?? []);
    },
    async caption(input, options = {}) {
      calls.push({ bytes: input as Uint8Array, options });
      if (failure) throw failure;
      await hold;
      for (const [index, word] of words.entries()) {
        await sleep(pace, options.signal);
        if (index === 1 && lateFailure) throw lateFailure;
        options.onToken?.(index === 0 ? word : ` ${word}`, { id: index, text: word, logProb: -1 });
      }
      return { ...result(words.join(' '), options), ...(tags && { tags }) };
    },
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new CaptionError('ABORTED', 'Aborted.', { cause: signal?.reason }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function result(text: string, { numCaptions = 1, attention }: CaptionOptions): CaptionResult {
  const candidate = { text, score: -0.51234567, confidence: 0.8, tokens: [] };
  const size = { width: 640, height: 480 };
  const map = { word: 'dog', rows: 1, columns: 2, values: new Float32Array([0.25, 0.75]) };
  return {
    ...candidate,
    alternatives: Array.from({ length: numCaptions - 1 }, () => candidate),
    ...(attention && { attention: [map] }),
    timings: { decode: 1, preprocess: 2, encode: 3, search: 4, detokenize: 0.1234, total: 10.1234 },
    image: { format: 'jpeg', stored: size, upright: size, orientation: 1 },
    model: { name: 'scripted', version: '1.2.3', runtime: 'custom' },
    warnings: [],
  };
}
