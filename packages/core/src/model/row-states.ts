import { copyRows, gatherRows, placeRows } from './rows.js';
import type { Values } from './session.js';

/**
 * The tensors that a decoder hands from step to step. When beams change places in the search, their
 * rows here stay where they are as far as they can: caches are megabytes a row.
 */
export class RowStates {
  #tensors: Readonly<Record<string, Values>>;
  /** The row that each of the search's rows has here. */
  #places: readonly number[] = [0];
  /** The first ones belong to the photo; those that a step gave may be written to. */
  #isOwn = false;
  #isInPlace = false;

  /** @param initial in one row */
  constructor(initial: Readonly<Record<string, Values>>) {
    this.#tensors = initial;
  }

  get tensors(): Readonly<Record<string, Values>> {
    return this.#tensors;
  }

  get rows(): number {
    return this.#places.length;
  }

  /** True if the tensors are those that the last step gave, in as many rows. */
  get isInPlace(): boolean {
    return this.#isInPlace;
  }

  /**
   * Makes room for the next step.
   *
   * @param parents for each of the search's rows, the row that it continues
   * @returns `tokens` in the order of the rows here
   */
  place(tokens: readonly number[], parents: readonly number[]): readonly number[] {
    const from = parents.map((parent) => this.#places[parent] ?? 0);
    this.#isInPlace = this.#isOwn && parents.length === this.rows;
    if (!this.#isInPlace) {
      this.#each((values) => gatherRows(values, from));
      this.#places = from.map((_, row) => row);
      return tokens;
    }
    const { places, copies } = placeRows(from);
    if (copies.length > 0)
      for (const values of Object.values(this.#tensors)) copyRows(values, copies);
    this.#places = places;
    const placed = new Array<number>(tokens.length).fill(0);
    places.forEach((place, row) => {
      placed[place] = tokens[row] ?? 0;
    });
    return placed;
  }

  /** What the step gave. */
  take(tensors: Readonly<Record<string, Values>>): void {
    this.#tensors = tensors;
    this.#isOwn = true;
  }

  /** Rows of a step's result in the search's order. */
  inOrder(values: Values): Values {
    return gatherRows(values, this.#places);
  }

  #each(change: (values: Values) => Values): void {
    this.#tensors = Object.fromEntries(
      Object.entries(this.#tensors).map(([name, values]) => [name, change(values)]),
    );
  }
}
