import { CaptionError } from '../errors.js';
import type { Limit } from '../limits.js';

// Reads untrusted JSON. Each function takes a value and its path in the manifest, and returns the
// value with its type. A wrong value throws `MODEL_INVALID` with the path and what was expected.

export function fault(path: string, expected: string, value: unknown): never {
  const found = value === undefined ? 'missing' : JSON.stringify(value);
  const shown = found !== undefined && found.length > 60 ? `${found.slice(0, 57)}…` : found;
  throw new CaptionError(
    'MODEL_INVALID',
    `The model's manifest is not valid: ${path} must be ${expected}, but it is ${shown}. See docs/model-format.md.`,
  );
}

/** An object; with `known`, one that has no other keys. */
export function object(
  value: unknown,
  path: string,
  known?: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault(path, 'an object', value);
  }
  for (const key of Object.keys(value)) {
    if (known && !known.includes(key)) {
      fault(`${path}.${key}`, `omitted (known here: ${known.join(', ')})`, 'present');
    }
  }
  return value as Record<string, unknown>;
}

export function string(value: unknown, path: string): string {
  return typeof value === 'string' && value !== '' ? value : fault(path, 'a non-empty text', value);
}

export function number(value: unknown, path: string, { min, max }: Limit): number {
  return typeof value === 'number' && value >= min && value <= max
    ? value
    : fault(path, `a number from ${min} to ${max}`, value);
}

export function integer(value: unknown, path: string, { min, max }: Limit): number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
    ? (value as number)
    : fault(path, `a whole number from ${min} to ${max}`, value);
}

export function oneOf<T extends string | number | boolean>(
  value: unknown,
  path: string,
  allowed: readonly T[],
): T {
  return allowed.includes(value as T)
    ? (value as T)
    : fault(path, `one of ${allowed.map((a) => JSON.stringify(a)).join(', ')}`, value);
}

export function array<T>(
  value: unknown,
  path: string,
  item: (value: unknown, path: string) => T,
  length?: number,
): T[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    return fault(path, length === undefined ? 'a list' : `a list of ${length}`, value);
  }
  return value.map((entry, i) => item(entry, `${path}[${i}]`));
}

export function record<T>(
  value: unknown,
  path: string,
  item: (value: unknown, path: string) => T,
): Record<string, T> {
  const entries = Object.entries(object(value, path));
  return Object.fromEntries(entries.map(([key, entry]) => [key, item(entry, `${path}.${key}`)]));
}

/** `{ [key]: value }`, or `{}` where the parent lacks the field (`exactOptionalPropertyTypes`). */
export function optional<Key extends string, T>(
  parent: Readonly<Record<string, unknown>>,
  parentPath: string,
  key: Key,
  read: (value: unknown, path: string) => T,
): Partial<Record<Key, T>> {
  const value = parent[key];
  if (value === undefined) return {};
  const path = parentPath === '' ? key : `${parentPath}.${key}`;
  return { [key]: read(value, path) } as Record<Key, T>;
}

export function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : fault(path, 'true or false', value);
}

/** A file of the model's folder: no way out of it (`../`, an absolute path, a URL). */
export function fileName(value: unknown, path: string): string {
  const name = string(value, path);
  const isInside = name.split('/').every((part) => /^[\w][\w.+-]*$/.test(part));
  return isInside ? name : fault(path, 'a relative path inside the model folder', name);
}
