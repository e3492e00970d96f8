import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bleu } from './bleu.js';
import { ciderD } from './cider-d.js';
import { rougeL } from './rouge-l.js';
import { tokenize } from './tokenize.js';

/** Recorded by scripts/fixtures/metrics.py. */
const recorded: {
  bleu: number[];
  rougeL: number;
  ciderD: number;
  perPhoto: { rougeL: number[]; ciderD: number[] };
  photos: { candidate: string; references: string[]; tokens: string; referenceTokens: string[] }[];
} = JSON.parse(readFileSync(new URL('fixtures/pycocoevalcap.json', import.meta.url), 'utf8'));

const words = (tokens: string) => tokens.split(' ').filter((word) => word !== '');
const set = recorded.photos.map(({ tokens, referenceTokens }) => ({
  candidate: words(tokens),
  references: referenceTokens.map(words),
}));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('on the same words, the metrics agree with pycocoevalcap', () => {
  test('BLEU-1 to 4', () => {
    bleu(set).forEach((value, n) => {
      expect(value).toBeCloseTo(recorded.bleu[n] as number, 9);
    });
  });
  test('ROUGE-L, photo by photo', () => {
    set.forEach((photo, i) => {
      expect(rougeL(photo)).toBeCloseTo(recorded.perPhoto.rougeL[i] as number, 8);
    });
    expect(mean(set.map(rougeL))).toBeCloseTo(recorded.rougeL, 8);
  });
  test('CIDEr-D, photo by photo', () => {
    const scores = ciderD(set);
    scores.forEach((score, i) => {
      expect(score).toBeCloseTo(recorded.perPhoto.ciderD[i] as number, 8);
    });
    expect(mean(scores)).toBeCloseTo(recorded.ciderD, 8);
  });
});

test("tokenize gives the words of pycocoevalcap's tokeniser", () => {
  for (const { candidate, references, tokens, referenceTokens } of recorded.photos) {
    expect(`${candidate} → ${tokenize(candidate).join(' ')}`).toBe(`${candidate} → ${tokens}`);
    expect(references.map((text) => tokenize(text).join(' '))).toEqual(referenceTokens);
  }
});

test('nothing divides by zero on empty captions', () => {
  const empty = [{ candidate: [], references: [['a', 'dog']] }];
  expect(bleu(empty).every((value) => Number.isFinite(value) && value < 1e-6)).toBe(true);
  expect(rougeL(empty[0] as (typeof empty)[0])).toBe(0);
  expect(ciderD(empty)).toEqual([0]);
});
