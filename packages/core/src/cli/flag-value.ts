import type { FlagValue } from './flags.js';

/** The allowed values in words: "a whole number from 1 to 64". */
export function allowed(value: FlagValue): string {
  switch (value.kind) {
    case 'switch':
      return 'no value';
    case 'text':
      return `a ${value.placeholder.toLowerCase()}`;
    case 'choice':
      return `one of ${value.choices.join(', ')}`;
    case 'integer':
    case 'count':
      return `a whole number from ${value.min} to ${value.max}`;
    case 'number':
      return value.above
        ? `a number above ${value.min}, at most ${value.max}`
        : `a number from ${value.min} to ${value.max}`;
    case 'bytes':
      return 'a size of at least 1 byte, like 500000, 512KiB or 10MB';
    case 'pixels':
      return 'a number of pixels of at least 1, like 2000000 or 24M';
  }
}

/** The value of a text on the command line; undefined if it is not allowed. */
export function readValue(value: FlagValue, given: string): string | number | undefined {
  switch (value.kind) {
    case 'switch':
      return undefined;
    case 'text':
      return given;
    case 'choice':
      return value.choices.includes(given) ? given : undefined;
    case 'count':
    case 'integer':
    case 'number': {
      const form = value.kind === 'number' ? DECIMAL : INTEGER;
      const read = form.test(given) ? Number(given) : Number.NaN;
      const above = value.kind !== 'count' && value.above;
      const inside = read >= value.min && read <= value.max && !(above && read === value.min);
      return inside ? read : undefined;
    }
    case 'bytes':
      return quantity(given, BYTE_UNITS);
    case 'pixels':
      return quantity(given, PIXEL_UNITS);
  }
}

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1e3,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1e6,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1e9,
};

const PIXEL_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, mp: 1e6, g: 1e9 };

function quantity(given: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit] = /^(\d+\.?\d*|\.\d+)\s*([a-z]*)$/i.exec(given) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const whole = Math.round(Number(digits) * factor);
  return whole >= 1 && Number.isSafeInteger(whole) ? whole : undefined;
}
