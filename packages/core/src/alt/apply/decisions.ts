import { CaptionError } from '../../errors.js';
import type { ImageKind } from '../types.js';

/** The decision about one image, by a person or by the confidence of its draft. */
export interface AltDecision {
  readonly file: string;
  readonly kind: ImageKind;
  readonly src: string | null;
  /** Which of the file's images of this kind and `src`, from 0. */
  readonly occurrence: number;
  /** The alternative text at the time of the decision; null for none. */
  readonly was: string | null;
  /** The text to write with the decision `write`. */
  readonly alt: string | null;
  /** `decorative` writes an empty text. */
  readonly decision: 'write' | 'decorative' | 'skip';
}

/** Name and version of the exchange format of decisions. */
export const DECISIONS_FORMAT = 'zipcaption-alt/1';

const KINDS: readonly string[] = [
  'img',
  'input',
  'area',
  'svg-image',
  'component',
  'markdown',
  'field',
];

/**
 * Reads decisions: what the report page exports, or what `zipcaption alt --json` prints.
 *
 * @throws CaptionError `INVALID_INPUT` saying what is wrong where
 */
export function parseDecisions(json: string): AltDecision[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('INVALID_INPUT', `The decisions are not valid JSON: ${why}`, { cause });
  }
  if (!isRecord(value) || value.format !== DECISIONS_FORMAT || !Array.isArray(value.images)) {
    throw new CaptionError(
      'INVALID_INPUT',
      `The decisions must be an object with "format": "${DECISIONS_FORMAT}" and a list "images", as the report exports and --json prints them.`,
    );
  }
  return value.images.map(decisionOf);
}

function decisionOf(value: unknown, index: number): AltDecision {
  const wrong = (field: string, expected: string) =>
    new CaptionError('INVALID_INPUT', `Decision ${index + 1}: "${field}" must be ${expected}.`);
  if (!isRecord(value))
    throw new CaptionError('INVALID_INPUT', `Decision ${index + 1} must be an object.`);
  const { file, kind, src, occurrence, was = null, alt = null, decision } = value;
  const isTextOrNull = (each: unknown) => each === null || typeof each === 'string';
  if (typeof file !== 'string') throw wrong('file', 'a path');
  if (typeof kind !== 'string' || !KINDS.includes(kind)) throw wrong('kind', KINDS.join(', '));
  if (!isTextOrNull(src)) throw wrong('src', 'a text or null');
  if (!Number.isSafeInteger(occurrence) || (occurrence as number) < 0) {
    throw wrong('occurrence', 'a whole number from 0');
  }
  if (!isTextOrNull(was)) throw wrong('was', 'a text or null');
  if (!isTextOrNull(alt)) throw wrong('alt', 'a text or null');
  if (decision !== 'write' && decision !== 'decorative' && decision !== 'skip') {
    throw wrong('decision', '"write", "decorative" or "skip"');
  }
  if (decision === 'write' && (typeof alt !== 'string' || alt.trim() === '')) {
    throw wrong('alt', 'a text that is not empty when the decision is "write"');
  }
  // Each field was looked at above.
  return { file, kind, src, occurrence, was, alt, decision } as AltDecision;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
