import fc from 'fast-check';

/** The event with one value in it replaced; the path chooses a member at each level. */
export function mutate(event: unknown, path: readonly number[], value: unknown): unknown {
  if (typeof event !== 'object' || event === null || path.length === 0) return value;
  const keys = Object.keys(event);
  const key = keys[(path[0] ?? 0) % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const copy = (Array.isArray(event) ? [...event] : { ...event }) as Record<string, unknown>;
  copy[key] = mutate(copy[key], path.slice(1), value);
  return copy;
}

/** Values of all kinds, and texts that mean something somewhere. */
export const strangeValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ maxDepth: 2, withNullPrototype: false }),
  fc.constantFrom('\u20ac', '\ud800', 'a\nb', '__proto__', '//', 'data:;base64,', 'ü@[', '%zz'),
);
