import { HttpError } from '../http/problem.js';

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the members of one event, and says which one is not what it must be. */
export class EventFields {
  readonly #kind: string;
  readonly #event: Fields;

  /** @param kind of the event, for messages: `Function URL or HTTP API` */
  constructor(kind: string, event: Fields) {
    this.#kind = kind;
    this.#event = event;
  }

  /** An object within the event; empty if it is not there. */
  inner(name: string): EventFields {
    const value = this.#event[name] ?? {};
    if (!isObject(value)) throw this.malformed(name, 'an object');
    return new EventFields(this.#kind, value);
  }

  text(name: string): string | undefined {
    const value = this.#event[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw this.malformed(name, 'a text');
    return value;
  }

  flag(name: string): boolean {
    const value = this.#event[name] ?? false;
    // VPC Lattice's first version writes it as a text.
    if (value === 'true' || value === 'false') return value === 'true';
    if (typeof value !== 'boolean') throw this.malformed(name, 'true or false');
    return value;
  }

  /** The pairs of a map whose values are texts or arrays of texts; undefined if there is no map. */
  pairs(name: string): [string, string][] | undefined {
    const map = this.#event[name] ?? undefined;
    if (map === undefined) return undefined;
    if (!isObject(map)) throw this.malformed(name, 'an object');
    return Object.entries(map).flatMap(([key, value]): [string, string][] => {
      if (value === null || value === undefined) return [];
      if (typeof value === 'string') return [[key, value]];
      if (isTexts(value)) return value.map((each) => [key, each]);
      throw this.malformed(name, 'an object of texts or of arrays of texts');
    });
  }

  /** The pairs of the first of two maps, or of the other one where that is empty. */
  eitherPairs(name: string, other: string): [string, string][] {
    const found = this.pairs(name);
    return found?.length ? found : (this.pairs(other) ?? []);
  }

  malformed(name: string, expected: string): HttpError {
    return new HttpError(
      'BAD_REQUEST',
      `The event of the kind ${this.#kind} is malformed: its "${name}" must be ${expected}.`,
    );
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
