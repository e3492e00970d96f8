import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandBraces, glob, hasGlobCharacters, matchesSegment } from './glob.js';

describe('matchesSegment', () => {
  it.each([
    ['*.jpg', 'dog.jpg', true],
    ['*.jpg', 'dog.jpeg', false],
    ['*', 'anything', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['?og.jpg', 'dog.jpg', true],
    ['?og.jpg', 'og.jpg', false],
    ['?.png', '🐕.png', true],
    ['[cd]og', 'dog', true],
    ['[a-c]og', 'dog', false],
    ['[!a-c]og', 'dog', true],
    ['[^d]og', 'dog', false],
    ['[]]x', ']x', true],
    ['[!]]x', ']x', false],
    ['[a-]x', '-x', true],
    ['[abc', '[abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['IMG_*_?.jp*g', 'IMG_2024_1.jpeg', true],
    ['***', 'a', true],
    ['', '', true],
    ['a*', 'a', true],
    ['(1)+.^$|', '(1)+.^$|', true],
  ])('%j against %j is %j', (pattern, name, expected) => {
    expect(matchesSegment(pattern, name)).toBe(expected);
  });

  it('agrees with a regular expression on stars and question marks', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        const source = glob.replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesSegment(glob, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 500 },
    );
  });

  it('does not explode on many stars', () => {
    expect(matchesSegment(`${'*a'.repeat(60)}b`, 'a'.repeat(255))).toBe(false);
  });
});

describe('expandBraces', () => {
  it.each([
    ['a{b,c}d', ['abd', 'acd']],
    ['{a,b}{1,2}', ['a1', 'a2', 'b1', 'b2']],
    ['a{b,c{d,e}}', ['ab', 'acd', 'ace']],
    ['a{,x}', ['a', 'ax']],
    ['a{b', ['a{b']],
    ['a\\{b,c}', ['a\\{b,c}']],
    ['{abc}', ['\\{abc\\}']],
    ['{a{b,c}}', ['\\{ab\\}', '\\{ac\\}']],
    ['plain', ['plain']],
  ])('%s', (pattern, expected) => {
    expect(expandBraces(pattern)).toEqual(expected);
  });
});

describe('hasGlobCharacters', () => {
  it('tells globs from names', () => {
    expect(['*.jpg', 'a?', '[ab]', '{a,b}'].every(hasGlobCharacters)).toBe(true);
    expect(['photo.jpg', 'a b (1).png', './x'].some(hasGlobCharacters)).toBe(false);
  });
});

describe('glob', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zipcaption-glob-'));
    await mkdir(join(folder, 'a/b/c'), { recursive: true });
    await mkdir(join(folder, '.git'));
    for (const name of ['1.jpg', '2.png', 'a/3.jpg', 'a/b/4.jpg', 'a/b/c/5.jpg', '.git/6.jpg']) {
      await writeFile(join(folder, name), '');
    }
    await mkdir(join(folder, 'odd'));
    for (const name of [
      'photo (1).gif',
      '!top.gif',
      '@(me).gif',
      '+(a|b).gif',
      '{x}.gif',
      '#1.gif',
    ]) {
      await writeFile(join(folder, 'odd', name), '');
    }
    await symlink('..', join(folder, 'a/b/up'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['*.jpg', ['1.jpg']],
    ['*.{jpg,png}', ['1.jpg', '2.png']],
    ['*/*.jpg', ['a/3.jpg']],
    ['./*.jpg', ['./1.jpg']],
    ['**/*.jpg', ['1.jpg', 'a/3.jpg', 'a/b/4.jpg', 'a/b/c/5.jpg']],
    ['**/**/5.*', ['a/b/c/5.jpg']],
    ['a/**', ['a/3.jpg', 'a/b/4.jpg', 'a/b/c/5.jpg']],
    ['./a/../[12].*', ['./a/../1.jpg', './a/../2.png']],
    ['a/b/up/*.jpg', ['a/b/up/3.jpg']],
    ['.git/*', ['.git/6.jpg']],
    ['nothing*', []],
    ['a*', []],
    ['1.jpg/*', []],
    // Links that the pattern goes through, by name or by `*`, are followed.
    ['a/b/u*/1.jpg', []],
    ['a/b/u*/3.jpg', ['a/b/up/3.jpg']],
    // Characters that have a meaning in other globs stand for themselves.
    ['odd/photo (1)*', ['odd/photo (1).gif']],
    ['odd/*(1)*', ['odd/photo (1).gif']],
    ['odd/!top*', ['odd/!top.gif']],
    ['odd/@(me)*', ['odd/@(me).gif']],
    ['odd/+(a|b)*', ['odd/+(a|b).gif']],
    ['odd/{x}*', ['odd/{x}.gif']],
    ['odd/#*', ['odd/#1.gif']],
  ])('%s', async (pattern, expected) => {
    expect((await glob(pattern, folder)).sort()).toEqual(expected);
  });

  it('keeps an absolute pattern absolute', async () => {
    expect(await glob(`${folder}/*.png`)).toEqual([join(folder, '2.png')]);
  });
});
