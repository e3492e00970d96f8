import { CaptionError } from '../../errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the fields of one of the folder's JSON files; values of a wrong type are refused. */
export interface Fields {
  readonly file: string;
  readonly values: JsonObject;
  /** Present and not null? */
  has(key: string): boolean;
  number(key: string): number | undefined;
  boolean(key: string): boolean | undefined;
  text(key: string): string | undefined;
  object(key: string): Fields | undefined;
  /** @throws CaptionError `MODEL_INVALID` saying what the field must be */
  invalid(key: string, expected: string): CaptionError;
}

/** @throws CaptionError `MODEL_INVALID` when the JSON is no object */
export function fieldsOf(file: string, json: unknown): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CaptionError('MODEL_INVALID', `The model's ${file} must hold a JSON object.`);
  }
  const values = json as JsonObject;
  const invalid = (key: string, expected: string) =>
    new CaptionError(
      'MODEL_INVALID',
      `The model's ${file} is not valid: "${key}" must be ${expected}, but it is ${JSON.stringify(values[key])?.slice(0, 60)}.`,
    );
  // Python writes null where JavaScript would omit the field.
  const of = (key: string) => values[key] ?? undefined;
  function typed<T>(key: string, type: string, expected: string): T | undefined {
    const value = of(key);
    if (value === undefined || typeof value === type) return value as T | undefined;
    throw invalid(key, expected);
  }
  return {
    file,
    values,
    has: (key) => of(key) !== undefined,
    number: (key) => typed(key, 'number', 'a number'),
    boolean: (key) => typed(key, 'boolean', 'true or false'),
    text: (key) => typed(key, 'string', 'a text'),
    object(key) {
      const value = of(key);
      if (value === undefined) return undefined;
      if (typeof value !== 'object' || Array.isArray(value)) throw invalid(key, 'an object');
      return fieldsOf(file, value);
    },
    invalid,
  };
}
