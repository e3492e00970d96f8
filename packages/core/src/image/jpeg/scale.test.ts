import { describe, expect, it } from 'vitest';
import { chooseScale, planAxis, scaledSize } from './scale.js';

describe('the scale', () => {
  it.each([
    // A phone's photo, for a model of 224×224 pixels, lying and standing.
    [4032, 3024, 224, 224, 1],
    [3024, 4032, 224, 224, 1],
    [640, 480, 224, 224, 4],
    [1280, 960, 224, 224, 2],
    [447, 900, 224, 224, 4],
    [446, 900, 224, 224, 8],
    [300, 200, 224, 224, 8],
    [1, 1, 224, 224, 1],
    [4032, 3024, 5000, 1, 8],
  ])('of %i×%i for at least %i×%i is %i/8', (width, height, atWidth, atHeight, scale) => {
    const both = { across: scale, down: scale };
    expect(chooseScale({ width, height }, { width: atWidth, height: atHeight })).toEqual(both);
  });

  it.each([
    // A strip is long or high; as long as it is small, it has one scale.
    [65_500, 890, 1, 4],
    [890, 65_500, 4, 1],
    [65_500, 300, 1, 8],
    [65_500, 240, 8, 8],
    [20_000, 890, 1, 4],
    [17_000, 890, 4, 4],
  ])('of the strip %i×%i is %i/8 across and %i/8 down', (width, height, across, down) => {
    expect(chooseScale({ width, height }, { width: 224, height: 224 })).toEqual({ across, down });
  });

  it('is the full one if nothing is said', () => {
    expect(chooseScale({ width: 9, height: 9 }, undefined)).toEqual({ across: 8, down: 8 });
  });

  it('rounds sizes up', () => {
    expect(scaledSize({ width: 17, height: 16 }, { across: 1, down: 1 })).toEqual({
      width: 3,
      height: 2,
    });
  });
});

describe('the plan of a component', () => {
  it.each([
    // At the same size as the others.
    [1, 1, 8, { points: 8, shift: 0 }],
    [1, 1, 1, { points: 1, shift: 0 }],
    // At half of it: twice the scale, until that is the full one.
    [1, 2, 1, { points: 2, shift: 0 }],
    [1, 2, 4, { points: 8, shift: 0 }],
    [1, 2, 8, { points: 8, shift: 1 }],
    [2, 4, 2, { points: 4, shift: 0 }],
    [1, 4, 1, { points: 4, shift: 0 }],
    [1, 4, 4, { points: 8, shift: 1 }],
    [1, 4, 8, { points: 8, shift: 2 }],
    // No power of 2.
    [2, 3, 8, undefined],
    [1, 3, 1, undefined],
    [3, 4, 4, undefined],
  ] as const)('with factor %i of %i at %i/8 is %j', (factor, factorMax, scale, plan) => {
    expect(planAxis(factor, factorMax, scale)).toEqual(plan);
  });
});
