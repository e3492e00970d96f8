import { otherEvents, SLICE } from './event-loop.js';
import { HttpError } from './problem.js';
import {
  captionOptionNames,
  isOptionName,
  type OptionName,
  unknownOption,
} from './request-options.js';

/** `{ "image": "…", "beams": 3 }` as it was sent; options are not checked yet. */
export interface PhotoJson {
  /** The text of "image". */
  readonly image: Buffer;
  readonly options: readonly (readonly [name: string, value: unknown])[];
}

/** White space between two tokens. */
const LONGEST_GAP = 1_000;
/** A name, or a value other than "image", as written. */
const LONGEST_TOKEN = 4_000;
/** Images up to this length are left to `JSON.parse`. */
const SHORT_IMAGE = 8 * 1024;

/**
 * Reads the JSON of a request by its known shape: one object, in it a text "image" and options that
 * are numbers, texts or booleans. Nothing else is built, so that a body cannot cost more than its own
 * length; nested values are refused where they begin.
 *
 * @param body  overwritten where "image" has escapes
 * @param names the options that may be given. Default: those of captions
 * @throws HttpError `BAD_REQUEST`, `INVALID_INPUT`, `INVALID_OPTION`
 */
export async function readPhotoJson(
  body: Uint8Array,
  names: readonly OptionName[] = captionOptionNames,
): Promise<PhotoJson> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const options = new Map<string, unknown>();
  let image: Buffer | undefined;
  let at = skipGap(bytes, bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? 3 : 0);
  if (bytes[at] !== CURLY_OPEN) throw isValueStart(bytes[at]) ? noObject(names) : malformed();
  at = skipGap(bytes, at + 1);
  if (bytes[at] === CURLY_CLOSE) at++;
  else {
    for (let more = true; more; ) {
      if (bytes[at] !== QUOTE) throw malformed();
      const nameEnd = stringEnd(bytes, at);
      const name = parse(bytes, at, nameEnd) as string;
      at = skipGap(bytes, nameEnd);
      if (bytes[at] !== COLON) throw malformed();
      at = skipGap(bytes, at + 1);
      if (name === 'image') {
        if (image) throw new HttpError('INVALID_INPUT', 'The "image" is given twice.');
        if (bytes[at] !== QUOTE) throw isValueStart(bytes[at]) ? imageNoText() : malformed();
        const found = await readImage(bytes, at);
        image = found.image;
        at = found.end;
      } else {
        refuseOption(name, names, options, bytes[at]);
        const end = bytes[at] === QUOTE ? stringEnd(bytes, at) : scalarEnd(bytes, at);
        options.set(name, parse(bytes, at, end));
        at = end;
      }
      at = skipGap(bytes, at);
      more = bytes[at] === COMMA;
      if (!more && bytes[at] !== CURLY_CLOSE) throw malformed();
      at = skipGap(bytes, at + 1);
    }
  }
  if (skipGap(bytes, at) !== bytes.length) throw malformed();
  if (!image) throw noObject(names);
  if (image.length === 0) throw imageNoText();
  return { image, options: [...options] };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const CURLY_OPEN = 0x7b;
const CURLY_CLOSE = 0x7d;
const SQUARE_OPEN = 0x5b;

function isValueStart(byte: number | undefined): boolean {
  return byte !== undefined && /[[{"tfn\d-]/.test(String.fromCharCode(byte));
}

/** The checks that a member must pass before its value is read. */
function refuseOption(
  name: string,
  names: readonly OptionName[],
  known: ReadonlyMap<string, unknown>,
  valueStart: number | undefined,
): void {
  if (!isOptionName(name, names)) throw unknownOption(name, names);
  if (known.has(name)) {
    throw new HttpError('INVALID_OPTION', `The option "${name}" is given twice.`);
  }
  if (valueStart === CURLY_OPEN || valueStart === SQUARE_OPEN) {
    throw new HttpError(
      'INVALID_OPTION',
      `The option "${name}" must be a number, a text, true or false, not ${valueStart === CURLY_OPEN ? 'an object' : 'an array'}.`,
    );
  }
}

function skipGap(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < from + LONGEST_GAP; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
  }
  throw malformed(`it has more than ${LONGEST_GAP} characters of white space in a row`);
}

/** Where a short string ends that starts at `from`, its quotation marks included. */
function stringEnd(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < from + LONGEST_TOKEN; at++) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) at++;
    if (at >= bytes.length) throw malformed();
  }
  throw malformed(`it has a name or value of more than ${LONGEST_TOKEN} bytes`);
}

function scalarEnd(bytes: Buffer, from: number): number {
  const length = bytes.toString('latin1', from, from + LONGEST_TOKEN).search(/[^\w.+-]/);
  if (length < 0 && from + LONGEST_TOKEN <= bytes.length) {
    throw malformed(`it has a name or value of more than ${LONGEST_TOKEN} bytes`);
  }
  return length < 0 ? bytes.length : from + length;
}

function parse(bytes: Uint8Array, from: number, end: number): unknown {
  try {
    return JSON.parse(utf8.decode(bytes.subarray(from, end)));
  } catch (cause) {
    throw malformed(undefined, cause);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

async function readImage(bytes: Buffer, from: number): Promise<{ image: Buffer; end: number }> {
  const start = from + 1;
  const quote = bytes.indexOf(QUOTE, start);
  if (quote < 0) throw malformed();
  const plain = bytes.subarray(start, quote);
  if (!plain.includes(BACKSLASH)) {
    if (plain.length <= SHORT_IMAGE) parse(bytes, from, quote + 1);
    // Other characters that JSON forbids are not base64 either.
    else if (plain.includes('\n') || plain.includes('\r') || plain.includes('\t')) {
      throw malformed('it has a line break or a tab inside of a string');
    }
    return { image: plain, end: quote + 1 };
  }
  return withoutEscapes(bytes, start);
}

const escapes: ReadonlyMap<number, number> = new Map(
  [...'"\\/bfnrt'].map((character, index) => [
    character.charCodeAt(0),
    '"\\/\b\f\n\r\t'.charCodeAt(index),
  ]),
);

/** A string without its escapes, written over itself: it only gets shorter. */
async function withoutEscapes(
  bytes: Buffer,
  start: number,
): Promise<{ image: Buffer; end: number }> {
  let length = start;
  let at = start;
  for (let stop = start; ; ) {
    if (at >= stop) {
      if (stop > start) await otherEvents();
      stop = at + SLICE / 4;
    }
    const byte = bytes[at++];
    if (byte === undefined || byte < 0x20) throw malformed();
    if (byte === QUOTE) return { image: bytes.subarray(start, length), end: at };
    if (byte !== BACKSLASH) {
      bytes[length++] = byte;
      continue;
    }
    const kind = bytes[at++] ?? 0;
    const single = escapes.get(kind);
    if (single !== undefined) bytes[length++] = single;
    else if (kind === 0x75) {
      let code = 0;
      for (const end = at + 4; at < end; at++) code = code * 16 + hexDigit(bytes[at]);
      if (Number.isNaN(code)) throw malformed();
      // No address and no base64 has a character beyond ASCII: one byte that both refuse stands for it.
      bytes[length++] = Math.min(0x80, code);
    } else throw malformed();
  }
}

/** The value of a digit; NaN if it is none. */
function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

function malformed(why?: string, cause?: unknown): HttpError {
  return new HttpError('BAD_REQUEST', `The body is not valid JSON${why ? `: ${why}` : ''}.`, {
    cause,
  });
}

function noObject(names: readonly OptionName[]): HttpError {
  return new HttpError(
    'INVALID_INPUT',
    `The JSON must be an object with an "image" (base64 or a data: URL) and optionally ${names.join(', ')}.`,
  );
}

export function imageNoText(): HttpError {
  return new HttpError('INVALID_INPUT', 'The "image" must be a text: base64, or a data: URL.');
}
