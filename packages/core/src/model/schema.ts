import { CaptionError } from '../errors.js';

/**
 * Reading of untrusted JSON: each function takes a value and the path that leads to it, gives it
 * back with its type known, or throws `MODEL_INVALID` saying where the fault is.
 */
export function fault(path: string, expected: string, value: unknown): never {
  const found = value === undefined ? 'nothing' : JSON.stringify(value);
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
      fault(`${path}.${key}`, `left out (known here: ${known.join(', ')})`, 'present');
    }
  }
  return value as Record<string, unknown>;
}

export function string(value: unknown, path: string): string {
  return typeof value === 'string' && value !== '' ? value : fault(path, 'a non-empty text', value);
}

export function number(value: unknown, path: string, min: number, max: number): number {
  return typeof value === 'number' && value >= min && value <= max
    ? value
    : fault(path, `a number from ${min} to ${max}`, value);
}

export function integer(value: unknown, path: string, min: number, max: number): number {
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

export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}
