import type { CaptionOptions, DecodeMode } from 'zipcaption';
import { HttpError } from './problem.js';

/** The options that a request for captions may carry; what is left out is the model's default. */
export interface RequestOptions {
  readonly beams?: number;
  readonly maxLength?: number;
  readonly numCaptions?: number;
  readonly numTags?: number;
  readonly attention?: boolean;
  readonly prompt?: string;
  readonly decode?: DecodeMode;
}

/** The options that a request for a feature vector may carry: how the photo is read. */
export interface EmbedRequestOptions {
  readonly decode?: DecodeMode;
  /** Apply the photo's EXIF orientation. Default true. */
  readonly orientation?: boolean;
}

type AnyOptions = RequestOptions & EmbedRequestOptions;
export type OptionName = keyof AnyOptions;

const ranges = {
  beams: [1, 16],
  maxLength: [1, 512],
  numCaptions: [1, 16],
  numTags: [0, 100],
} as const;

export const decodeModes: readonly DecodeMode[] = ['fast', 'exact'];

/** Longest prompt, in characters. Narrower than the core's, as the ranges are. */
export const MAX_PROMPT = 300;

export const captionOptionNames: readonly (keyof RequestOptions)[] = [
  'beams',
  'maxLength',
  'numCaptions',
  'numTags',
  'attention',
  'prompt',
  'decode',
];
export const embedOptionNames: readonly (keyof EmbedRequestOptions)[] = ['decode', 'orientation'];

/** Ranges as the OpenAPI document shows them. Narrower than the core's, since strangers may ask. */
export const optionRanges: Readonly<Record<keyof typeof ranges, readonly [number, number]>> =
  ranges;

/**
 * Options by name and value, as they stand in a query, a form or JSON.
 *
 * @param names those that may be given. Default: those of captions
 * @throws HttpError `INVALID_OPTION` for a name that is unknown or given twice, and for a value out of range
 */
export function readOptions(entries: Iterable<readonly [string, unknown]>): RequestOptions;
export function readOptions<N extends OptionName>(
  entries: Iterable<readonly [string, unknown]>,
  names: readonly N[],
): Pick<AnyOptions, N>;
export function readOptions(
  entries: Iterable<readonly [string, unknown]>,
  names: readonly OptionName[] = captionOptionNames,
): AnyOptions {
  const options: { -readonly [N in OptionName]?: AnyOptions[N] } = {};
  for (const [name, value] of entries) {
    if (!isOptionName(name, names)) throw unknownOption(name, names);
    if (options[name] !== undefined) {
      throw new HttpError('INVALID_OPTION', `The option "${name}" is given twice.`);
    }
    if (name === 'attention' || name === 'orientation') options[name] = flag(name, value);
    else if (name === 'prompt') options.prompt = promptText(value);
    else if (name === 'decode') options.decode = decodeMode(value);
    else options[name] = wholeNumber(name, value);
  }
  const { beams, numCaptions } = options;
  if (beams !== undefined && numCaptions !== undefined && numCaptions > beams) {
    throw new HttpError(
      'INVALID_OPTION',
      `The option "numCaptions" (${numCaptions}) must be at most "beams" (${beams}).`,
    );
  }
  return options;
}

/** The same as the core takes them. */
export function toCaptionOptions({
  beams,
  maxLength,
  numCaptions,
  numTags,
  attention,
  prompt,
  decode,
}: RequestOptions): CaptionOptions {
  return {
    ...(beams !== undefined && { numBeams: beams }),
    ...(maxLength !== undefined && { maxLength }),
    ...(numCaptions !== undefined && { numCaptions }),
    ...(numTags !== undefined && { numTags }),
    ...(attention !== undefined && { attention }),
    ...(prompt !== undefined && { prompt }),
    ...(decode !== undefined && { decode }),
  };
}

export function isOptionName(name: string, names: readonly OptionName[]): name is OptionName {
  return (names as readonly string[]).includes(name);
}

export function unknownOption(name: string, names: readonly OptionName[]): HttpError {
  return new HttpError(
    'INVALID_OPTION',
    `There is no option "${name.slice(0, 60)}". Known options: ${names.join(', ')}.`,
  );
}

function wholeNumber(name: keyof typeof ranges, value: unknown): number {
  const [least, most] = ranges[name];
  const number =
    typeof value === 'string' && value.length < 20 && /^\d{1,6}$/.test(value.trim())
      ? Number(value)
      : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw new HttpError(
      'INVALID_OPTION',
      `The option "${name}" must be a whole number from ${least} to ${most}, not ${show(value)}.`,
    );
  }
  return number;
}

function flag(name: OptionName, value: unknown): boolean {
  if (value === true || value === 'true' || value === '1' || value === '') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw new HttpError(
    'INVALID_OPTION',
    `The option "${name}" must be true or false, not ${show(value)}.`,
  );
}

function decodeMode(value: unknown): DecodeMode {
  const mode = decodeModes.find((each) => each === value);
  if (mode) return mode;
  throw new HttpError(
    'INVALID_OPTION',
    `The option "decode" must be ${decodeModes.join(' or ')}, not ${show(value)}.`,
  );
}

function promptText(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_PROMPT) return value;
  throw new HttpError(
    'INVALID_OPTION',
    `The option "prompt" must be short, detailed, long or a text of at most ${MAX_PROMPT} characters, not ${show(value)}.`,
  );
}

/** Never the whole of what a stranger sent: it may be megabytes long or nested without end. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
