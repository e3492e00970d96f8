import { otherEvents, SLICE } from './event-loop.js';
import { HttpError } from './problem.js';

/** One field or file of a form. */
export interface FormPart {
  readonly name: string;
  /** Set for files; empty where the client told no name. */
  readonly filename?: string;
  readonly bytes: Uint8Array;
}

/** More than any form has; each costs us an object. */
const MOST_PARTS = 1000;
/** Bytes that the headers of one part may have, as much as an HTTP request's. */
const LONGEST_HEADERS = 16 * 1024;
/** The same for all parts together. */
const MOST_HEADERS = 256 * 1024;
const LONGEST_CONTENT_TYPE = 1_000;
/** Spaces and tabs that may follow a boundary on its line. */
const LONGEST_PADDING = 1_000;

/**
 * The parts of a `multipart/form-data` body (RFC 7578, with the framing of RFC 2046 section 5.1).
 * Files are views of the body, not copies.
 *
 * Node's own `formData()` looks for the boundary without what must surround it, and so takes a photo
 * apart that happens to contain a short one.
 *
 * @throws HttpError `BAD_REQUEST`
 */
export async function parseMultipart(body: Uint8Array, contentType: string): Promise<FormPart[]> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const boundary = boundaryOf(contentType);
  const parts: FormPart[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // A first boundary may stand at the very start; all others follow a line break, which is theirs.
  const startsAtOnce = bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  let at = startsAtOnce ? lineEnd(bytes, delimiter.length - 2) : undefined;
  at ??= (await nextBoundary(bytes, delimiter, 0))?.after;
  if (at === undefined) throw malformed('its boundary does not occur in it');
  let headersLeft = MOST_HEADERS;
  while (at !== 'end') {
    if (parts.length >= MOST_PARTS) throw malformed(`it has more than ${MOST_PARTS} parts`);
    // No more is searched than headers may have.
    const searched = bytes.subarray(at, at + LONGEST_HEADERS + 4);
    const length = searched.indexOf('\r\n\r\n', 0, 'latin1');
    if (length < 0 && searched.length === LONGEST_HEADERS + 4) {
      throw malformed(`the headers of a part have more than ${LONGEST_HEADERS} bytes`);
    }
    headersLeft -= length;
    if (headersLeft < 0) {
      throw malformed(`the headers of its parts have more than ${MOST_HEADERS} bytes together`);
    }
    const headersEnd: number = at + length;
    const next: Boundary | undefined =
      length < 0 ? undefined : await nextBoundary(bytes, delimiter, headersEnd + 2);
    if (!next) throw malformed('it ends before its last boundary');
    const headers = bytes.toString('utf8', at, headersEnd);
    parts.push(part(headers, bytes.subarray(headersEnd + 4, Math.max(headersEnd + 4, next.start))));
    at = next.after;
  }
  return parts;
}

function boundaryOf(contentType: string): string {
  if (contentType.length > LONGEST_CONTENT_TYPE) throw malformed('its Content-Type is too long');
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? '';
  // RFC 2046: 1 to 70 characters of a small set; only what would break the search is refused here.
  if (!/^[\x20-\x7e]{1,70}$/.test(boundary)) {
    throw malformed('its Content-Type names no boundary');
  }
  return boundary;
}

type After = number | 'end';

interface Boundary {
  /** Where the line break before it starts. */
  readonly start: number;
  /** Where what follows it starts. */
  readonly after: After;
}

/** Bytes that are searched before others have their turn; they may be full of what looks like a boundary. */
const SEARCHED = SLICE / 4;

/** The next line that is a boundary. */
async function nextBoundary(
  bytes: Buffer,
  delimiter: Buffer,
  from: number,
): Promise<Boundary | undefined> {
  for (let at = from; at < bytes.length; at += SEARCHED) {
    if (at > from) await otherEvents();
    // One that begins in this slice may end in the next.
    const slice = bytes.subarray(at, at + SEARCHED + delimiter.length - 1);
    for (
      let start = slice.indexOf(delimiter);
      start >= 0;
      start = slice.indexOf(delimiter, start + 1)
    ) {
      const after = lineEnd(bytes, at + start + delimiter.length);
      if (after !== undefined) return { start: at + start, after };
    }
  }
  return undefined;
}

const DASH = 0x2d;

/** What follows a boundary: its line's end, or the two dashes of the last one; else it is none. */
function lineEnd(bytes: Buffer, from: number): After | undefined {
  if (bytes[from] === DASH && bytes[from + 1] === DASH) return 'end';
  let at = from;
  while (at < from + LONGEST_PADDING && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : undefined;
}

function part(headers: string, bytes: Uint8Array): FormPart {
  const lines = headers.split('\r\n');
  const value = (name: string) =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1);
  const disposition = value('content-disposition');
  const name = disposition && parameter(disposition, 'name');
  if (!disposition || name === undefined || !/^\s*form-data\s*(;|$)/i.test(disposition)) {
    throw malformed('a part of it has no Content-Disposition with a name');
  }
  const encoding = value('content-transfer-encoding')?.trim() ?? 'binary';
  if (!/^(binary|7bit|8bit)$/i.test(encoding)) {
    throw malformed(`a part of it has the Content-Transfer-Encoding "${encoding.slice(0, 40)}"`);
  }
  // A part that says it is no text is a file, if one without a name.
  const isFile = /^\s*(image\/|application\/octet-stream)/i.test(value('content-type') ?? '');
  const filename =
    extendedParameter(disposition, 'filename') ??
    parameter(disposition, 'filename') ??
    (isFile ? '' : undefined);
  return { name, bytes, ...(filename !== undefined && { filename }) };
}

/** One parameter of a header, and where the next one may start. */
const PARAMETER =
  /\s*;\s*([^\s;="]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"(?=\s*(?:;|$))|"([^"]*)"|([^;\s"]*))/y;

/**
 * A parameter of a header such as `form-data; name="image"; filename="a;b.jpg"`. Read one after the
 * other, so that none is found inside of another one's value.
 */
function parameter(header: string, name: string): string | undefined {
  PARAMETER.lastIndex = Math.max(0, header.indexOf(';'));
  for (let found = PARAMETER.exec(header); found; found = PARAMETER.exec(header)) {
    const [, key = '', escaped, quoted, plain = ''] = found;
    if (key.toLowerCase() !== name) continue;
    // Browsers escape a quotation mark as %22 and nothing else (WHATWG HTML, multipart/form-data);
    // others write \", and a name that ends with a backslash looks like it.
    return (escaped?.replace(/\\(["\\])/g, '$1') ?? quoted ?? plain).replace(
      /%(22|0D|0A)/gi,
      (percent) => decodeURIComponent(percent),
    );
  }
  return undefined;
}

/**
 * A parameter written as `filename*=UTF-8''%C3%BC.jpg` (RFC 8187). RFC 7578 forbids it in forms; some clients
 * write a name beyond ASCII in no other way.
 */
function extendedParameter(header: string, name: string): string | undefined {
  const [, charset = '', escaped = ''] =
    /^([\w-]+)'[^']*'((?:%[\da-f]{2}|[^%])*)$/i.exec(parameter(header, `${name}*`) ?? '') ?? [];
  const bytes = Buffer.from(
    escaped.replace(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
  // The two that RFC 5987 had every recipient know.
  if (/^utf-8$/i.test(charset)) return bytes.toString('utf8');
  return /^iso-8859-1$/i.test(charset) ? bytes.toString('latin1') : undefined;
}

function malformed(why: string): HttpError {
  return new HttpError(
    'BAD_REQUEST',
    `The multipart/form-data body is malformed: ${why}. Let the HTTP client write the form and its Content-Type header.`,
  );
}
