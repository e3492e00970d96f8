/** Weight of the newest measurement, as in TCP's estimate of its round-trip time (RFC 6298). */
const GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;

/** How long photos take, learnt from those that were captioned; apart by what was asked for. */
export class ServiceTime {
  /** Milliseconds to reckon with before anything was measured. */
  initial: number;
  readonly #kinds = new Map<string, { mean: number; deviation: number }>();

  constructor(initial: number) {
    this.initial = initial;
  }

  /** Milliseconds that a photo of the kind will hardly exceed. */
  expected(kind: string): number {
    const known = this.#kinds.get(kind);
    if (known) return known.mean + known.deviation;
    // Of a kind that was never seen: as long as the slowest that was.
    const others = [...this.#kinds.values()].map(({ mean, deviation }) => mean + deviation);
    return others.length > 0 ? Math.max(...others) : this.initial;
  }

  /** @param kind from a small set: each one is kept for good */
  learn(kind: string, milliseconds: number): void {
    const known = this.#kinds.get(kind);
    if (!known) {
      this.#kinds.set(kind, { mean: milliseconds, deviation: milliseconds / 2 });
      return;
    }
    const error = milliseconds - known.mean;
    known.deviation += DEVIATION_GAIN * (Math.abs(error) - known.deviation);
    known.mean += GAIN * error;
  }
}
