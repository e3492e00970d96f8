import { describe, expect, test } from 'vitest';
import { captionAddress, readAnswer } from './api-engine.js';

const request = { numBeams: 4, maxLength: 12 };

describe('the address', () => {
  test.each([
    ['https://a.example', 'https://a.example/caption'],
    ['https://a.example/', 'https://a.example/caption'],
    ['https://a.example/stage/', 'https://a.example/stage/caption'],
    ['https://a.example/caption', 'https://a.example/caption'],
    ['http://localhost:8080', 'http://localhost:8080/caption'],
  ])('of %s is %s', (endpoint, expected) => {
    const url = captionAddress(endpoint, request);
    expect(url.origin + url.pathname).toBe(expected);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      beams: '4',
      maxLength: '12',
      numCaptions: '4',
      attention: 'true',
    });
  });

  test.each(['', 'nonsense', 'ftp://a.example', 'javascript:alert(1)'])(
    'is refused: %j',
    (endpoint) => {
      expect(() => captionAddress(endpoint, request)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    },
  );
});

describe('the answer', () => {
  test('is read with what it has', () => {
    const body = JSON.stringify({
      caption: 'a dog',
      score: -0.5,
      confidence: 0.7,
      alternatives: [{ caption: 'a cat', score: -0.9, confidence: 0.4 }, { nothing: true }],
      attention: [
        { word: 'a', rows: 1, columns: 2, values: [0.25, 0.75] },
        { word: 'bad', rows: 2, columns: 2, values: [1] },
      ],
      tags: [{ text: 'dog', probability: 0.9 }, { probability: 1 }, 'cat'],
      timings: { decode: 10, preprocess: 2, encode: 30, search: 20, detokenize: 0.1, total: 62.1 },
      model: { name: 'lite', version: '1' },
    });
    expect(readAnswer(body, 'a.example', 100)).toEqual({
      text: 'a dog',
      score: -0.5,
      confidence: 0.7,
      total: 100,
      model: 'lite 1',
      alternatives: [{ text: 'a cat', score: -0.9, confidence: 0.4 }],
      attention: [{ word: 'a', rows: 1, columns: 2, values: [0.25, 0.75] }],
      tags: [{ text: 'dog', probability: 0.9 }],
      stages: [
        { name: 'decode', milliseconds: 10 },
        { name: 'preprocess', milliseconds: 2 },
        { name: 'encode', milliseconds: 30 },
        { name: 'words', milliseconds: 20 },
        { name: 'network', milliseconds: 38 },
      ],
      backend: 'a.example',
      warnings: [],
    });
  });

  test.each([
    ['zipcaption; hit', 'a.example · from its cache'],
    ['zipcaption; fwd=miss; collapsed', 'a.example'],
  ])('that was made for an earlier question (%s) has no timings of its own', (status, backend) => {
    const body = JSON.stringify({ caption: 'a dog', timings: { decode: 794, encode: 30 } });
    expect(readAnswer(body, 'a.example', 62, status)).toMatchObject({
      total: 62,
      stages: [{ name: 'network', milliseconds: 62 }],
      backend,
    });
    const stored = readAnswer(body, 'a.example', 900, 'zipcaption; fwd=miss; stored');
    expect(stored.stages).toContainEqual({ name: 'decode', milliseconds: 794 });
  });

  test.each(['', '<h1>Welcome</h1>', 'null', '[]', '{"caption":5}'])('%j is none', (body) => {
    expect(() => readAnswer(body, 'a.example', 1)).toThrow(
      expect.objectContaining({ code: 'API_ANSWER' }),
    );
  });
});
