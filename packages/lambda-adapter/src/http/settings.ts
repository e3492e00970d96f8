import { readFileSync } from 'node:fs';
import type { Rate } from './rate-limit.js';
import { refuseUnknown } from './refuse-unknown.js';

/** What an operator may set. Everything has a default that is safe to expose. */
export interface Settings {
  /** The photos of one request may have this many bytes together. */
  readonly maxBytes: number;
  /** Largest width × height of a photo. */
  readonly maxPixels: number;
  /** Photos in one multipart request. */
  readonly maxPhotos: number;
  /**
   * Photos that may wait or be worked on at once; more are answered 429, as are those that would not
   * be done within `timeout` at the speed that is measured.
   */
  readonly maxWaiting: number;
  /** Bytes that all bodies together may take; beyond it a 503. At least twice the largest body. */
  readonly maxBodyMemory: number;
  /** A body may take this long to arrive, in milliseconds. */
  readonly uploadTimeout: number;
  /** A body must come with this many bytes a second on average, from its sixth second on. */
  readonly minUploadRate: number;
  /** So many requests a client, by its key or else its address. Undefined: any number. */
  readonly rate: Rate | undefined;
  /** A request may take this long once its body has arrived, in milliseconds; on Lambda the function's own time limit also holds. */
  readonly timeout: number;
  /** Origins that may call from a browser: `['*']` for all, empty for none. */
  readonly corsOrigins: readonly string[];
  /** Keys that open `POST /caption`; empty: no key is asked for. */
  readonly apiKeys: readonly string[];
  /** Hosts from which a photo named by URL is fetched: `example.com`, `*.example.com`. Empty: none. */
  readonly imageHosts: readonly string[];
  /** Stands before every path, as behind a custom domain's mapping: `/api`. Default empty. */
  readonly basePath: string;
  /** Memory for finished captions, in bytes of JSON; 0 is off. */
  readonly cacheBytes: number;
  /** True behind Lambda's payload limit. Only changes the message of the 413. */
  readonly onLambda: boolean;
}

/** Lambda takes 6 MB of payload; as base64 that is 4.5 MiB of photo. */
export const LAMBDA_MAX_BYTES = 4.5 * 1024 * 1024;
/** Far above any phone's photo, low enough that 32 connections at once cannot fill a small machine. */
const SERVER_MAX_BYTES = 20 * 1024 * 1024;
const MAX_PIXELS = 100_000_000;
const MAX_BODY_MEMORY = 64 * 1024 * 1024;

/** Multipart boundaries, part headers, JSON punctuation and similar. */
export const WRAPPING = 64 * 1024;

/**
 * Bytes of the longest body with photos of so many bytes: base64 writes three of them as four
 * characters, line breaks add at most a thirtieth.
 */
export function largestBody(maxBytes: number): number {
  return Math.ceil(maxBytes * 1.4) + WRAPPING;
}

export const defaultSettings: Settings = {
  maxBytes: SERVER_MAX_BYTES,
  maxPixels: MAX_PIXELS,
  maxPhotos: 16,
  maxWaiting: 1024,
  maxBodyMemory: MAX_BODY_MEMORY,
  uploadTimeout: 60_000,
  minUploadRate: 8 * 1024,
  rate: undefined,
  timeout: 30_000,
  corsOrigins: [],
  apiKeys: [],
  imageHosts: [],
  basePath: '',
  cacheBytes: 4 * 1024 * 1024,
  onLambda: false,
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings from environment variables, checked: a misspelt value ends the start rather than being
 * ignored. docs/http-api.md lists the variables.
 *
 * @throws Error naming the variable and what it may be
 */
export function readSettings(env: Environment): Settings {
  const onLambda = env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  refuseUnknown(env, names);
  const base: Settings = onLambda
    ? {
        ...defaultSettings,
        onLambda,
        maxBytes: LAMBDA_MAX_BYTES,
        maxPixels: pixelsFor(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
        // A sandbox serves one request at a time; its time limit is Lambda's.
        timeout: 900_000,
      }
    : defaultSettings;
  const maxBytes = number(env, 'ZIPCAPTION_MAX_BYTES', base.maxBytes, 1);
  return {
    ...base,
    maxBytes,
    maxBodyMemory: bodyMemory(env, maxBytes),
    uploadTimeout: number(env, 'ZIPCAPTION_UPLOAD_TIMEOUT_MS', base.uploadTimeout, 1),
    minUploadRate: number(env, 'ZIPCAPTION_MIN_UPLOAD_RATE', base.minUploadRate, 0),
    rate: rate(env),
    maxPixels: number(env, 'ZIPCAPTION_MAX_PIXELS', base.maxPixels, 1),
    maxPhotos: number(env, 'ZIPCAPTION_MAX_PHOTOS', base.maxPhotos, 1),
    maxWaiting: number(env, 'ZIPCAPTION_MAX_WAITING', base.maxWaiting, 1),
    timeout: number(env, 'ZIPCAPTION_TIMEOUT_MS', base.timeout, 1),
    cacheBytes: number(env, 'ZIPCAPTION_CACHE_BYTES', base.cacheBytes, 0),
    corsOrigins: origins(env),
    apiKeys: apiKeys(env),
    imageHosts: hosts(env),
    basePath: basePath(env),
  };
}

/** A budget in which the largest body has no room would refuse it for ever. */
function bodyMemory(env: Environment, maxBytes: number): number {
  const name = 'ZIPCAPTION_MAX_BODY_MEMORY';
  const least = 2 * largestBody(maxBytes);
  const given = number(env, name, Math.max(MAX_BODY_MEMORY, least), 1);
  if (given >= least) return given;
  throw new Error(
    `${name} must be at least ${least} bytes, twice the largest body with ZIPCAPTION_MAX_BYTES=${maxBytes}, not ${given}.`,
  );
}

const units: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['min', 60],
  ['h', 3600],
]);

function rate(env: Environment): Rate | undefined {
  const text = env.ZIPCAPTION_RATE?.trim();
  if (!text) return undefined;
  const [, requests, unit = ''] = /^(\d{1,9})\/(s|min|h)$/.exec(text) ?? [];
  const seconds = units.get(unit);
  if (!seconds || Number(requests) < 1) {
    throw new Error(
      `ZIPCAPTION_RATE must be a number of requests by s, min or h, such as 10/s or 100/min, not "${text}".`,
    );
  }
  return { requests: Number(requests), seconds };
}

/**
 * A PNG is unpacked whole, at about eight bytes a pixel with what surrounds it; half of the memory
 * is left to the runtime and the model.
 */
export function pixelsFor(megabytes: string | undefined): number {
  const memory = Number(megabytes);
  return memory > 0 ? Math.min(MAX_PIXELS, Math.floor((memory * 2 ** 20) / 16)) : MAX_PIXELS;
}

const names = [
  'MAX_BYTES',
  'MAX_PIXELS',
  'MAX_PHOTOS',
  'MAX_WAITING',
  'TIMEOUT_MS',
  'CACHE_BYTES',
  'CORS_ORIGINS',
  'API_KEYS',
  'API_KEYS_FILE',
  'IMAGE_HOSTS',
  'BASE_PATH',
  'MAX_BODY_MEMORY',
  'UPLOAD_TIMEOUT_MS',
  'MIN_UPLOAD_RATE',
  'RATE',
  'METRICS',
];

function number(env: Environment, name: string, fallback: number, least: number): number {
  const text = env[name]?.trim();
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${name} must be a whole number of at least ${least}, not "${text}".`);
  }
  return value;
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter(Boolean);
}

function origins(env: Environment): string[] {
  const given = list(env.ZIPCAPTION_CORS_ORIGINS);
  for (const origin of given) {
    if (origin !== '*' && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
      throw new Error(
        `ZIPCAPTION_CORS_ORIGINS must hold origins such as https://example.com, or *; "${origin}" is not one.`,
      );
    }
  }
  return given;
}

/** Fewer characters can be guessed. */
const SHORTEST_KEY = 16;

/** Keys of the variable and the file together. */
export function apiKeys(env: Environment): string[] {
  const file = env.ZIPCAPTION_API_KEYS_FILE;
  const keys = [...list(env.ZIPCAPTION_API_KEYS), ...(file ? keysIn(file) : [])];
  if (file && keys.length === 0) {
    throw new Error(`ZIPCAPTION_API_KEYS_FILE names ${file}, which holds no key.`);
  }
  if (keys.some((key) => key.length < SHORTEST_KEY)) {
    throw new Error(
      `An API key must have at least ${SHORTEST_KEY} characters. Make one with: openssl rand -hex 24`,
    );
  }
  // Others cannot be sent in a header, or only in an encoding that server and client may see differently.
  if (!keys.every((key) => /^[\x21-\x7e]+$/.test(key))) {
    throw new Error(
      'An API key must consist of letters, digits and punctuation of ASCII. Make one with: openssl rand -hex 24',
    );
  }
  return keys;
}

function keysIn(file: string): string[] {
  try {
    return list(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`ZIPCAPTION_API_KEYS_FILE names a file that cannot be read: ${message}.`, {
      cause,
    });
  }
}

function hosts(env: Environment): string[] {
  const given = list(env.ZIPCAPTION_IMAGE_HOSTS).map((host) => host.toLowerCase());
  for (const host of given) {
    if (!/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)) {
      throw new Error(
        `ZIPCAPTION_IMAGE_HOSTS must hold host names such as images.example.com or *.example.com; "${host}" is not one.`,
      );
    }
  }
  return given;
}

function basePath(env: Environment): string {
  const path = (env.ZIPCAPTION_BASE_PATH ?? '').replace(/\/+$/, '');
  if (path !== '' && !/^(\/[\w.~-]+)+$/.test(path)) {
    throw new Error(`ZIPCAPTION_BASE_PATH must be a path such as /api, not "${path}".`);
  }
  return path;
}
