import type { CaptionCandidate, CaptionResult, CaptionTag, WordAttention } from 'zipcaption';
import type { Engine } from './engine.js';

/** A caption as JSON. */
export interface CaptionJson {
  readonly caption: string;
  readonly score: number;
  /** 0–1. */
  readonly confidence: number;
  readonly alternatives: readonly { caption: string; score: number; confidence: number }[];
  /** Where the model looked for each word; null unless asked for. */
  readonly attention: readonly AttentionJson[] | null;
  /** What is in the photo, likeliest first; null where the model gives no tags. */
  readonly tags: readonly { text: string; probability: number }[] | null;
  /** Milliseconds by stage. */
  readonly timings: Readonly<Record<string, number>>;
  /** The model, and what ran it. */
  readonly model: CaptionResult['model'];
  /** The photo as a person sees it. */
  readonly image: {
    readonly format: string;
    readonly width: number;
    readonly height: number;
    readonly orientation: number;
  };
  readonly warnings: readonly string[];
}

export interface AttentionJson {
  readonly word: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

export function toJson(result: CaptionResult): CaptionJson {
  const { format, upright, orientation } = result.image;
  return {
    ...candidate(result),
    alternatives: result.alternatives.map(candidate),
    attention: result.attention?.map(attention) ?? null,
    tags: result.tags?.map(tag) ?? null,
    timings: Object.fromEntries(
      Object.entries(result.timings).map(([stage, ms]: [string, number]) => [stage, round(ms, 2)]),
    ),
    model: result.model,
    image: { format, width: upright.width, height: upright.height, orientation },
    warnings: result.warnings,
  };
}

function candidate({ text, score, confidence }: CaptionCandidate) {
  return { caption: text, score: round(score, 6), confidence: round(confidence, 4) };
}

function tag({ text, probability }: CaptionTag) {
  return { text, probability: round(probability, 4) };
}

/** Five digits: half the size, and far finer than a heat map shows. */
function attention({ word, rows, columns, values }: WordAttention): AttentionJson {
  return { word, rows, columns, values: Array.from(values, (value) => round(value, 5)) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The stages for a browser's developer tools (Server-Timing, W3C). */
export function serverTiming(timings: Readonly<Record<string, number>>): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms}`)
    .join(', ');
}

/** A photo's feature vector as JSON. */
export interface EmbeddingJson {
  /** Of the norm 1. */
  readonly embedding: readonly number[];
  readonly model: { readonly name: string; readonly version: string };
}

export function toEmbeddingJson(
  features: Float32Array,
  { name, version }: Engine['model'],
): EmbeddingJson {
  // Nine digits tell any two 32-bit numbers apart (IEEE 754-2019, section 5.12.2).
  const embedding = Array.from(features, (value) => Number(value.toPrecision(9)));
  return { embedding, model: { name, version } };
}

/** How the client wants to be answered. */
export type Representation = 'json' | 'text' | 'events';

const types: ReadonlyMap<string, Representation> = new Map([
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['text/plain', 'text'],
  ['text/*', 'text'],
  ['text/event-stream', 'events'],
]);

/**
 * The best of what the `Accept` header names (RFC 9110 section 12.5.1): the highest quality, an
 * exact type before a wildcard, the first before the next. JSON when it names none of ours: an
 * answer of another type serves better than a 406.
 */
export function representation(accept: string | null): Representation {
  let best: Representation = 'json';
  let most = 0;
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = q === undefined ? 1 : Number(q.slice(2));
    const weight = type.includes('*') ? quality - 0.0005 : quality;
    const kind = types.get(type);
    if (kind && weight > most) {
      best = kind;
      most = weight;
    }
  }
  return best;
}
