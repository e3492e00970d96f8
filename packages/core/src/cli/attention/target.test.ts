import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PhotoSource } from '../inputs.js';
import { attentionPaths, attentionTarget } from './target.js';

const file = (path: string): PhotoSource => ({ kind: 'file', name: path, path });
const paths = (value: string, ...photos: string[]) =>
  attentionPaths(attentionTarget(value), photos.map(file));

describe('attentionTarget', () => {
  it('tells pictures, pages and folders', async () => {
    expect(attentionTarget('out.png')).toEqual({ kind: 'png', path: 'out.png' });
    expect(attentionTarget('a/{name}.HTML')).toEqual({ kind: 'html', path: 'a/{name}.HTML' });
    expect(attentionTarget('maps/')).toEqual({ kind: 'png', path: 'maps/{name}.png' });
    const folder = await mkdtemp(join(tmpdir(), 'zipcaption-target-'));
    expect(attentionTarget(folder)).toEqual({ kind: 'png', path: join(folder, '{name}.png') });
    await rm(folder, { recursive: true });
  });

  it('leaves it to the writing to find a file where a folder should be', () => {
    const path = join(import.meta.dirname, 'target.test.ts', 'out.png');
    expect(attentionTarget(path)).toEqual({ kind: 'png', path });
  });

  it('refuses what it cannot write', () => {
    expect(() => attentionTarget('out.jpg')).toThrow(/ends in \.png or \.html/);
    expect(() => attentionTarget('maps')).toThrow(/folder that ends in \//);
  });
});

describe('attentionPaths', () => {
  it('name a file for each photo, no two alike on any file system', () => {
    expect(paths('maps/', 'a/dog.jpg', 'b/dog.png', 'c/DOG.gif', 'cat.jpg')).toEqual([
      'maps/dog.png',
      'maps/dog-2.png',
      'maps/DOG-3.png',
      'maps/cat.png',
    ]);
    expect(paths('x.{name}.html', 'dog-2.jpg', 'dog.jpg', 'y/dog.jpg', 'z/dog-2.jpg')).toEqual([
      'x.dog-2.html',
      'x.dog.html',
      'x.dog-3.html',
      'x.dog-2-2.html',
    ]);
  });

  it('takes $ in a name for what it is', () => {
    expect(paths('{name}.png', "a$&$'.jpg")).toEqual(["a$&$'.png"]);
  });

  it('take one file for one photo, and refuse it for several', () => {
    expect(paths('out.png', 'dog.jpg')).toEqual(['out.png']);
    expect(() => paths('x/out.png', 'a.jpg', 'b.jpg')).toThrow(
      'the maps of 2 photos do not fit in the one file x/out.png. Name a folder (x/maps/) or a pattern (x/{name}.png).',
    );
  });

  it('never write over a photo', () => {
    expect(() => paths('dog.png', './dog.png')).toThrow('overwrite the photo ./dog.png');
    expect(() => paths('photos/', 'photos/a.jpg', 'photos/b.png')).toThrow('photos/b.png');
  });
});
