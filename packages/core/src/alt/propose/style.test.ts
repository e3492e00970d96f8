import { expect, test } from 'vitest';
import { altText, checkStyle, type StyleOptions } from './style.js';

const text = (caption: string, style: StyleOptions = {}) =>
  altText({ caption, name: 'rex-1.jpg', confidence: 0.624 }, style);

test.each([
  ['a brown dog', 'A brown dog'],
  ['a photo of a dog', 'A dog'],
  ['An image of the sea', 'The sea'],
  ['photograph of children', 'Children'],
  ['a photo', 'A photo'],
  [' two\n dogs ', 'Two dogs'],
  ['', ''],
  ['a picture of ', 'A picture of'],
])('%j becomes %j', (caption, expected) => {
  expect(text(caption)).toBe(expected);
});

test('prefix, suffix and template are put around it', () => {
  expect(text('a dog', { prefix: 'AI: ', suffix: ' (draft)' })).toBe('AI: A dog (draft)');
  expect(text('a dog', { template: '{name}: {caption}, {confidence}' })).toBe('Rex-1: a dog, 62 %');
});

test('it is cut at a word, prefix and suffix counted', () => {
  const long = 'a dog and '.repeat(30);
  const cut = text(long, { suffix: ' (draft)' });
  expect(cut.length).toBeLessThanOrEqual(125);
  expect(cut).toMatch(/^A dog and .*(dog|and|a)… \(draft\)$/);
  expect(text('x'.repeat(300))).toHaveLength(125);
  expect(text(long, { maxLength: 20 })).toBe('A dog and a dog and…');
});

test.each([
  [{ template: '{caption} {title}' }, '{title}'],
  [{ template: 'no words' }, '{caption}'],
  [{ maxLength: 10 }, 'maxLength'],
  [{ prefix: 'x'.repeat(110) }, 'prefix'],
])('%j is refused', (style, named) => {
  expect(() => checkStyle(style)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(named) }),
  );
});
