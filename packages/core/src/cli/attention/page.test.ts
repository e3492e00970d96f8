import { describe, expect, it } from 'vitest';
import { attentionPage } from './page.js';
import { type AttentionDrawing, drawPicture } from './picture.js';

const photo = {
  width: 30,
  height: 20,
  data: Uint8Array.from({ length: 1800 }, (_, index) => (index * 7) % 256),
};
const word = (text: string, hot: number) => ({
  word: text,
  rows: 2,
  columns: 3,
  values: Float32Array.from({ length: 6 }, (_, index) => (index === hot ? 1 : 0)),
});
const drawing: AttentionDrawing = {
  photo,
  caption: 'a dog, running',
  facts: '71 % confident',
  words: [word('a', 0), word('dog', 1), word('running', 5)],
};

describe('attentionPage', () => {
  const page = attentionPage('dog.jpg', drawing);

  it('asks no network and runs no script', () => {
    expect(page).not.toMatch(/<script|https?:|src=|\shref=|@import/);
    expect(page).toContain(`default-src 'none'; img-src data:; style-src 'unsafe-inline'`);
    for (const [, url] of page.matchAll(/url\(([^)]{0,30})/g)) {
      expect(url).toMatch(/^data:image\/png;base64,/);
    }
  });

  it('embeds the photo once and a map for each word', () => {
    expect(page.match(/url\(data:image\/png/g)).toHaveLength(4);
  });

  it('makes each word of the caption a label of its map, the rest left as it is', () => {
    const heading = /<h1>(.*)<\/h1>/.exec(page)?.[1];
    expect(heading).toBe(
      '<label for="w0" class="word">a</label> <label for="w1" class="word">dog</label>, <label for="w2" class="word">running</label>',
    );
    for (const id of ['none', 'w0', 'w1', 'w2']) expect(page).toContain(`id="${id}"`);
  });

  it('shows any text as text', () => {
    const nasty = `</title><b onclick='x'>"&amp;`;
    const hostile = attentionPage(nasty, {
      ...drawing,
      caption: nasty,
      facts: nasty,
      words: [word(nasty, 0)],
    });
    expect(hostile).not.toContain('<b onclick');
    expect(hostile).not.toContain(`'x'>"`);
    expect(hostile).toContain('&#60;&#47;title'.replace('&#47;', '/'));
  });

  it('falls back to the words where they are not those of the caption', () => {
    const odd = attentionPage('x', { ...drawing, caption: 'something else' });
    expect(/<h1>(.*)<\/h1>/.exec(odd)?.[1]).toContain('running</label>');
  });

  it('stands without words', () => {
    const empty = attentionPage('x', { ...drawing, caption: '', words: [] });
    expect(empty).toContain('<title>No caption – x</title>');
    expect(empty).not.toContain('class="legend"');
  });
});

describe('drawPicture', () => {
  const colourAt = (image: ReturnType<typeof drawPicture>, x: number, y: number) => [
    ...image.data.subarray(3 * (y * image.width + x), 3 * (y * image.width + x) + 3),
  ];

  it('has the photo at the top, and a tile for each word that glows where the word looked', () => {
    const grey = { ...photo, data: new Uint8Array(1800).fill(100) };
    const image = drawPicture({ ...drawing, photo: grey });
    expect(image.data.length).toBe(3 * image.width * image.height);
    expect(colourAt(image, image.width / 2, 200)).toEqual([100, 100, 100]);
    expect(colourAt(image, 5, 5)).toEqual([250, 250, 247]);
    // Where a pixel is far from grey, something glows; the last word looked at the lower right.
    const glowing: number[] = [];
    for (let y = 700; y < image.height - 100; y++) {
      for (let x = 0; x < image.width; x++) {
        const [r = 0, , b = 0] = colourAt(image, x, y);
        if (r - b > 120) glowing.push(x);
      }
    }
    expect(Math.min(...glowing)).toBeLessThan(200);
    expect(Math.max(...glowing)).toBeGreaterThan(image.width - 200);
  });

  it('grows with the number of words and stands without any', () => {
    const none = drawPicture({ ...drawing, words: [], caption: '' });
    const many = drawPicture({ ...drawing, words: Array(30).fill(word('dog', 1)) });
    expect(drawPicture(drawing).height).toBeGreaterThan(none.height);
    expect(many.height).toBeGreaterThan(drawPicture(drawing).height);
  });
});
