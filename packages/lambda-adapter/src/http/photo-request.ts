import { decodeBase64Photo } from './base64.js';
import type { BodyLease } from './body-budget.js';
import { parseMultipart } from './multipart.js';
import { readPhotoJson } from './photo-json.js';
import { HttpError } from './problem.js';
import { readBody } from './read-body.js';
import { type OptionName, readOptions } from './request-options.js';
import { largestBody, type Settings, WRAPPING } from './settings.js';

/** A photo as a request brings it. */
export interface Photo {
  /** The file's name, where the client told one. */
  readonly name?: string;
  readonly bytes: Uint8Array;
}

export interface PhotoRequest<N extends OptionName> {
  /** None at all is the warm-up ping. */
  readonly photos: readonly Photo[];
  readonly options: ReturnType<typeof readOptions<N>>;
  /** Did the request come as a form with more than one file? Then the answer is a list. */
  readonly several: boolean;
}

/** Fetches a photo that the client names by URL. */
export type FetchPhoto = (
  url: string,
  signal: AbortSignal,
  /** Told about the bytes as they come; throws when there is no room for more. */
  onBytes: (count: number) => void,
) => Promise<Uint8Array>;

/** What a path takes. */
export interface PhotoRequestShape<N extends OptionName> {
  readonly optionNames: readonly N[];
  /** Files in one form. */
  readonly maxPhotos: number;
}

export interface PhotoRequestRules<N extends OptionName> extends PhotoRequestShape<N> {
  readonly settings: Settings;
  readonly fetchPhoto: FetchPhoto;
  /** Counts the bytes that the request holds. */
  readonly lease: BodyLease;
  /** Ends reading and fetching. */
  readonly signal: AbortSignal;
}

/**
 * Reads photos and options from a `POST`: the bytes themselves, a form, or JSON.
 *
 * @throws HttpError `INVALID_OPTION`, `INVALID_INPUT`, `IMAGE_TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`, `BAD_REQUEST`,
 *   `REQUEST_TIMEOUT`, `OVERLOADED`
 */
export async function readPhotoRequest<N extends OptionName>(
  request: Request,
  rules: PhotoRequestRules<N>,
): Promise<PhotoRequest<N>> {
  const { settings, lease, signal, optionNames } = rules;
  refuseEncodings(request.headers);
  const query = [...new URL(request.url).searchParams];
  readOptions(query, optionNames); // A wrong option need not wait for the upload.
  const type = mediaType(request.headers);
  const body = (limit: number) =>
    readBody(request, {
      limit,
      lease,
      signal,
      tooLarge: () => photoTooLarge(settings),
      timeout: settings.uploadTimeout,
      leastRate: settings.minUploadRate,
    });

  switch (type) {
    case 'multipart/form-data': {
      const bytes = await body(settings.maxBytes + WRAPPING);
      return bytes.length === 0
        ? nothing(query, rules)
        : readForm(bytes, request.headers, query, rules);
    }
    case 'application/json': {
      const bytes = await body(largestBody(settings.maxBytes));
      if (bytes.length === 0) return nothing(query, rules);
      return readJson(bytes, query, rules);
    }
    default: {
      const isPhoto = /^image\//.test(type) || type === 'application/octet-stream';
      // `curl -d ''` says "form-urlencoded" without being asked: no bytes, no complaint.
      const bytes = await body(isPhoto ? settings.maxBytes : WRAPPING).catch((error: unknown) => {
        throw isPhoto || !isTooLarge(error) ? error : unsupported(type);
      });
      if (bytes.length === 0) return nothing(query, rules);
      if (!isPhoto) throw unsupported(type);
      return { photos: [{ bytes }], options: readOptions(query, optionNames), several: false };
    }
  }
}

function nothing<N extends OptionName>(
  query: readonly (readonly [string, string])[],
  { optionNames }: PhotoRequestRules<N>,
): PhotoRequest<N> {
  return { photos: [], options: readOptions(query, optionNames), several: false };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'IMAGE_TOO_LARGE';
}

function unsupported(type: string): HttpError {
  return new HttpError(
    'UNSUPPORTED_MEDIA_TYPE',
    `A photo is not read from ${type === '' ? 'a body without a content type' : `"${type.slice(0, 100)}"`}. Send image/* (curl: -H 'Content-Type: image/jpeg') or application/octet-stream, multipart/form-data, or application/json with an "image".`,
    {
      headers: {
        accept: 'image/*, application/octet-stream, multipart/form-data, application/json',
      },
    },
  );
}

function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function refuseEncodings(headers: Headers): void {
  const transfer = headers.get('transfer-encoding') ?? 'chunked';
  if (transfer.trim().toLowerCase() !== 'chunked') {
    throw new HttpError(
      'UNSUPPORTED_MEDIA_TYPE',
      `A body with the transfer encoding "${transfer.slice(0, 60)}" is not supported. Send it as it is, or in chunks.`,
    );
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (['', 'identity'].includes(encoding.trim().toLowerCase())) return;
  // RFC 9110 section 12.5.3: a 415 may say which encodings would do.
  throw new HttpError(
    'UNSUPPORTED_MEDIA_TYPE',
    `A body with content encoding "${encoding.slice(0, 60)}" is not supported. Send the photo without it; photos are already compressed.`,
    { headers: { 'accept-encoding': 'identity' } },
  );
}

/** What the 413 says names the limit, and on Lambda the reason for it. */
export function photoTooLarge({ maxBytes, onLambda }: Settings): HttpError {
  const limit = `${maxBytes} bytes (${(maxBytes / 2 ** 20).toFixed(1)} MiB)`;
  const why = onLambda
    ? ' AWS Lambda takes 6 MB of payload, which is 4.5 MiB of photo once it is written as base64.'
    : '';
  return new HttpError(
    'IMAGE_TOO_LARGE',
    `The photos of one request may have ${limit} together.${why} Send a smaller copy: 1,000 pixels on the long side are plenty for a caption.`,
    // The rest of the upload is not read, so the connection cannot serve another request.
    { limit: maxBytes, headers: { connection: 'close' } },
  );
}

async function readForm<N extends OptionName>(
  bytes: Uint8Array,
  headers: Headers,
  query: readonly (readonly [string, string])[],
  { settings, optionNames, maxPhotos }: PhotoRequestRules<N>,
): Promise<PhotoRequest<N>> {
  const photos: Photo[] = [];
  const fields: [string, string][] = [];
  for (const part of await parseMultipart(bytes, headers.get('content-type') ?? '')) {
    const { name, filename } = part;
    if (filename === undefined && name === 'image') {
      throw new HttpError(
        'INVALID_INPUT',
        'The "image" of the form is a text, not a file: its part has neither a file name nor the type of an image. With curl: -F image=@dog.jpg',
      );
    }
    if (filename === undefined) fields.push([name, fieldText(part.bytes)]);
    // A page's file field that was left empty comes as a file of no name and no bytes.
    else if (part.bytes.length > 0 || filename !== '') {
      photos.push({ name: filename, bytes: part.bytes });
    }
  }
  const options = readOptions([...query, ...fields], optionNames);
  if (photos.length === 0) {
    throw new HttpError(
      'INVALID_INPUT',
      'The form holds no file. Add one: curl -F image=@dog.jpg …',
    );
  }
  if (photos.length > maxPhotos) {
    throw new HttpError(
      'INVALID_INPUT',
      `The form holds ${photos.length} files; this path takes at most ${maxPhotos} at once.`,
    );
  }
  if (photos.reduce((sum, { bytes: { length } }) => sum + length, 0) > settings.maxBytes) {
    throw photoTooLarge(settings);
  }
  return { photos, options, several: photos.length > 1 };
}

/** Longer than the value of any option; what is cut off changes nothing about its refusal. */
const LONGEST_FIELD = 4_096;

function fieldText({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, Math.min(length, LONGEST_FIELD)).toString('utf8');
}

async function readJson<N extends OptionName>(
  bytes: Uint8Array,
  query: readonly (readonly [string, string])[],
  { settings, fetchPhoto, lease, signal, optionNames }: PhotoRequestRules<N>,
): Promise<PhotoRequest<N>> {
  const { image, options: members } = await readPhotoJson(bytes, optionNames);
  const options = readOptions([...query, ...members], optionNames);
  const photo = /^https?:/i.test(image.toString('latin1', 0, 6))
    ? await fetchPhoto(addressIn(image), signal, lease.grow)
    : await decodeBase64Photo(image);
  if (photo.length > settings.maxBytes) throw photoTooLarge(settings);
  return { photos: [{ bytes: photo }], options, several: false };
}

/** What browsers take. */
const LONGEST_ADDRESS = 8 * 1024;

function addressIn(image: Buffer): string {
  if (image.length <= LONGEST_ADDRESS) return image.toString('utf8');
  throw new HttpError(
    'INVALID_INPUT',
    `The URL of the "image" has ${image.length} bytes; at most ${LONGEST_ADDRESS} are read.`,
  );
}
