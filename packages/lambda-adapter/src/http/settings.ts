import { readFileSync } from 'node:fs';

/** What an operator may set. Everything has a default that is safe to expose. */
export interface Settings {
  /** The photos of one request may have this many bytes together. */
  readonly maxBytes: number;
  /** Largest width × height of a photo. */
  readonly maxPixels: number;
  /** Photos in one multipart request. */
  readonly maxPhotos: number;
  /** Requests that may wait for the model at once; more are answered 429. */
  readonly maxWaiting: number;
  /** A request may take this long in all, in milliseconds; on Lambda the function's own time limit also holds. */
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
  /** Are we behind Lambda's payload limit? Only changes what the 413 says. */
  readonly onLambda: boolean;
}

/** Lambda takes 6 MB of payload; as base64 that is 4.5 MiB of photo. */
export const LAMBDA_MAX_BYTES = 4.5 * 1024 * 1024;
/** Far above any phone's photo, low enough that 32 connections at once cannot fill a small machine. */
const SERVER_MAX_BYTES = 20 * 1024 * 1024;
const MAX_PIXELS = 100_000_000;

export const defaultSettings: Settings = {
  maxBytes: SERVER_MAX_BYTES,
  maxPixels: MAX_PIXELS,
  maxPhotos: 16,
  maxWaiting: 64,
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
  refuseUnknown(env);
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
  return {
    ...base,
    maxBytes: number(env, 'ZIPCAPTION_MAX_BYTES', base.maxBytes, 1),
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

/**
 * A PNG is unpacked whole, at about eight bytes a pixel with what surrounds it; half of the memory
 * is left to the runtime and the model.
 */
function pixelsFor(megabytes: string | undefined): number {
  const memory = Number(megabytes);
  return memory > 0 ? Math.min(MAX_PIXELS, Math.floor((memory * 2 ** 20) / 16)) : MAX_PIXELS;
}

const known = new Set([
  ...['MAX_BYTES', 'MAX_PIXELS', 'MAX_PHOTOS', 'MAX_WAITING', 'TIMEOUT_MS', 'CACHE_BYTES'],
  ...['CORS_ORIGINS', 'API_KEYS', 'API_KEYS_FILE', 'IMAGE_HOSTS', 'BASE_PATH'],
  ...['MODEL', 'MODEL_SHA256', 'RUNTIME', 'WASM_TIER_UP', 'METRICS'],
]);
/** Variables of the command line and the repository's scripts that share the prefix. */
const elsewhere = /^ZIPCAPTION_(NODE_ARGS|TEST_|BENCH_|CACHE_DIR)/;

function refuseUnknown(env: Environment): void {
  for (const name of Object.keys(env)) {
    if (!name.startsWith('ZIPCAPTION_') || elsewhere.test(name)) continue;
    if (!known.has(name.slice('ZIPCAPTION_'.length))) {
      const list = [...known].map((each) => `ZIPCAPTION_${each}`).join(', ');
      throw new Error(`There is no setting ${name}. Known are: ${list}.`);
    }
  }
}

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
        `ZIPCAPTION_CORS_ORIGINS must hold origins such as https://example.com, or *; "${origin}" is none.`,
      );
    }
  }
  return given;
}

/** Fewer characters can be guessed. */
const SHORTEST_KEY = 16;

function apiKeys(env: Environment): string[] {
  const file = env.ZIPCAPTION_API_KEYS_FILE;
  const keys = [
    ...list(env.ZIPCAPTION_API_KEYS),
    ...(file ? list(readFileSync(file, 'utf8')) : []),
  ];
  if (file && keys.length === 0) {
    throw new Error(`ZIPCAPTION_API_KEYS_FILE names ${file}, which holds no key.`);
  }
  if (keys.some((key) => key.length < SHORTEST_KEY)) {
    throw new Error(
      `An API key must have at least ${SHORTEST_KEY} characters. Make one with: openssl rand -hex 24`,
    );
  }
  return keys;
}

function hosts(env: Environment): string[] {
  const given = list(env.ZIPCAPTION_IMAGE_HOSTS).map((host) => host.toLowerCase());
  for (const host of given) {
    if (!/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)) {
      throw new Error(
        `ZIPCAPTION_IMAGE_HOSTS must hold host names such as images.example.com or *.example.com; "${host}" is none.`,
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
