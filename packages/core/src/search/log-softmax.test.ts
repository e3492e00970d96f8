import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logSoftmax } from '../../test/fixtures/search/table-model.js';
import { expOfNegative } from './exponential.js';
import { logSumExp } from './log-softmax.js';

describe('log-softmax', () => {
  test('agrees with the definition for logits of any size', () => {
    const logit = fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true });
    const usual = fc.float({ min: -50, max: 50, noNaN: true });
    const row = fc.array(fc.oneof(usual, logit), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(row, (logits) => {
        const normalizer = logSumExp(Float32Array.from(logits), 0, logits.length);
        logSoftmax(logits).forEach((expected, i) => {
          const found = (logits[i] ?? NaN) - normalizer;
          expect(Math.abs(found - expected)).toBeLessThan(1e-8 * Math.max(1, Math.abs(expected)));
        });
      }),
    );
  });

  test('reads the row that it is asked for', () => {
    const logits = Float32Array.of(9, 9, 9, 1, 2, 3, 9, 9, 9);
    const [, , last] = logSoftmax([1, 2, 3]);
    expect(3 - logSumExp(logits, 1, 3)).toBeCloseTo(last ?? NaN, 8);
  });

  test('takes -Infinity for a token that cannot be', () => {
    expect(logSumExp(Float32Array.of(-Infinity, 2), 0, 2)).toBe(2);
  });

  test.each([
    ['NaN', [1, Number.NaN, 2], 'NaN for token 1'],
    ['infinite', [1, 2, Infinity], 'Infinity for token 2'],
    ['all impossible', [-Infinity, -Infinity, -Infinity], 'only -Infinity'],
  ])('refuses scores that are %s', (_, row, named) => {
    const logits = Float32Array.from([0, 0, 0, ...row]);
    expect(() => logSumExp(logits, 1, 3)).toThrow(
      expect.objectContaining({ code: 'RUNTIME_FAILED', message: expect.stringContaining(named) }),
    );
  });
});

test('the fast exponential is right to 3 parts in a billion', () => {
  fc.assert(
    fc.property(fc.double({ min: -40, max: 0, noNaN: true }), (x) => {
      expect(Math.abs(expOfNegative(x) / Math.exp(x) - 1)).toBeLessThan(3e-9);
    }),
    { numRuns: 2000 },
  );
  expect(expOfNegative(0)).toBe(1);
  expect(expOfNegative(-40.1)).toBe(0);
  expect(expOfNegative(-Infinity)).toBe(0);
  expect(expOfNegative(Number.NaN)).toBeNaN();
});
