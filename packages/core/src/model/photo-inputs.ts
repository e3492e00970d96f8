import type { Manifest } from './manifest.js';
import { floats, gatherRows, lastPositions, withRows } from './rows.js';
import type { Session, Values } from './session.js';

/** Of each network that was tried: does one row of the photo's tensors do for several sentences? */
const takesOneRow = new WeakMap<Session, boolean>();

/** Logits that differ by less than this part of the largest are the same. */
const TOLERANCE = 0.01;

/** @param isTrial it may fail */
type PhotoStep = (
  inputs: Readonly<Record<string, Values>>,
  isTrial: boolean,
) => Promise<Record<string, Values>>;

/** What the decoder is told of the photo, in as few rows as it takes. */
export class PhotoInputs {
  #one: Readonly<Record<string, Values>>;
  #several: Readonly<Record<string, Values>>;

  /** @param one the tensors in one row */
  constructor(
    private readonly decoder: Manifest['decoder'],
    one: Readonly<Record<string, Values>>,
  ) {
    this.#one = one;
    this.#several = one;
  }

  /** What the first step made of the photo; its rows, if it had several, are all alike. */
  keep(tensors: Readonly<Record<string, Values>>): void {
    const first = Object.entries(tensors).map(([name, values]) => [name, gatherRows(values, [0])]);
    this.#one = { ...this.#one, ...Object.fromEntries(first) };
    this.#several = this.#one;
  }

  /** Runs a step of so many rows, on that network, with the photo's tensors. */
  async run(session: Session, rows: number, step: PhotoStep): Promise<Record<string, Values>> {
    const { encoderRows } = this.decoder;
    const known = encoderRows === 'repeated' ? false : takesOneRow.get(session);
    const isTold = Object.keys(this.#one).length > 0;
    if (rows === 1 || known === true || !isTold) return step(this.#one, false);
    if (known === false) return step(this.#repeat(rows), false);
    return encoderRows === 'tried'
      ? this.#compare(session, rows, step)
      : this.#trust(session, rows, step);
  }

  /** A graph that was fused after its export may have lost the broadcasting it had. */
  async #trust(session: Session, rows: number, step: PhotoStep) {
    try {
      return await step(this.#one, true);
    } catch {
      const outputs = await step(this.#repeat(rows), false);
      takesOneRow.set(session, false);
      return outputs;
    }
  }

  /** Both ways, once: a graph that broadcasts by chance, and wrongly, would not fail. */
  async #compare(session: Session, rows: number, step: PhotoStep) {
    const repeated = await step(this.#repeat(rows), false);
    let one: Record<string, Values> | undefined;
    try {
      one = await step(this.#one, true);
    } catch {
      // It does not broadcast.
    }
    const { logits } = this.decoder;
    takesOneRow.set(session, one !== undefined && areAlike(repeated[logits], one[logits], logits));
    return repeated;
  }

  #repeat(rows: number): Readonly<Record<string, Values>> {
    this.#several = Object.fromEntries(
      Object.entries(this.#several).map(([name, values]) => [name, withRows(values, rows)]),
    );
    return this.#several;
  }
}

function areAlike(a: Values | undefined, b: Values | undefined, name: string): boolean {
  if (!a || !b) return false;
  const [left, right] = [floats(lastPositions(a), name), floats(lastPositions(b), name)];
  let [largest, difference] = [0, 0];
  left.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (right[i] ?? Number.NaN)));
  });
  return left.length === right.length && difference <= TOLERANCE * largest;
}
