import { describe, expect, test } from 'vitest';
import { RowStates } from './row-states.js';
import { gatherRows, placeRows, rowsTogether } from './rows.js';
import type { Values } from './session.js';

/** A tensor of so many rows, each filled with its number. */
function rows(...numbers: number[]): Values {
  const data = Float32Array.from(numbers.flatMap((number) => [number, number, number]));
  return { type: 'float32', data, dims: [numbers.length, 1, 3] };
}

const numbersIn = ({ data, dims }: Values) =>
  Array.from({ length: dims[0] ?? 0 }, (_, row) => data[row * 3]);

describe('rows of a state', () => {
  test('stay where they are, and only second children are copied', () => {
    expect(placeRows([2, 0, 1])).toEqual({ places: [2, 0, 1], copies: [] });
    expect(placeRows([1, 1, 3, 1])).toEqual({
      places: [1, 0, 3, 2],
      copies: [
        [1, 0],
        [1, 2],
      ],
    });
  });

  test('follow the search through any reordering, as gathered ones do', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const states = new RowStates({ cache: rows(0) });
      let expected = rows(0);
      let label = 1;
      for (let step = 0; step < 12; step++) {
        const before = expected.dims[0] ?? 1;
        const count = random(3) === 0 ? 1 + random(5) : before;
        const parents = Array.from({ length: count }, () => random(before));
        const tokens = parents.map(() => label++);
        const placed = states.place(tokens, parents);
        expected = gatherRows(expected, parents);
        expect(numbersIn(states.inOrder(states.tensors.cache as Values))).toEqual(
          numbersIn(expected),
        );
        // The network writes each row's token where the row lies.
        states.take({ cache: rows(...placed) });
        expected = rows(...tokens);
      }
    }
  });

  test('of the photo are not written to', () => {
    const photo = rows(5);
    const states = new RowStates({ cache: photo });
    states.place([1, 2, 3], [0, 0, 0]);
    states.take({ cache: rows(1, 2, 3) });
    states.place([4, 5, 6], [2, 2, 0]);
    expect(numbersIn(photo)).toEqual([5]);
  });

  test('of several tensors come one after another', () => {
    expect(numbersIn(rowsTogether([rows(1, 2), rows(3)]))).toEqual([1, 2, 3]);
  });
});
