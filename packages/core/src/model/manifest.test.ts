import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readManifest } from './manifest.js';

const tiny = () =>
  JSON.parse(
    readFileSync(new URL('../../test/fixtures/tiny-model/manifest.json', import.meta.url), 'utf8'),
  );

describe('readManifest', () => {
  test('fills in the defaults of absent optional fields', () => {
    const manifest = readManifest(tiny());
    expect(manifest.image.rescale).toBeCloseTo(1 / 255, 12);
    expect(manifest.image.channelOrder).toBe('rgb');
    expect(manifest.generation.earlyStopping).toBe(false);
    expect(manifest.generation.repetitionPenalty).toBe(1);
  });

  test.each<[string, (m: ReturnType<typeof tiny>) => void, RegExp]>([
    ['not an object', () => undefined, /^$/],
    ['another format', (m) => (m.format = 2), /format must be one of 1/],
    ['no name', (m) => delete m.name, /name must be a non-empty text, but it is nothing/],
    ['an unknown field', (m) => (m.encoder.extra = 1), /encoder\.extra must be left out/],
    ['a negative width', (m) => (m.image.width = -1), /image\.width must be a whole number from 1/],
    ['a zero std', (m) => (m.image.std[1] = 0), /image\.std\[1\] must be a number from/],
    ['two means', (m) => m.image.mean.pop(), /image\.mean must be a list of 3/],
    ['an unknown filter', (m) => (m.image.resample = 'cubic'), /image\.resample must be one of/],
    ['attention without grid', (m) => delete m.decoder.attentionGrid, /decoder\.attentionGrid/],
    ['a way out of the folder', (m) => (m.encoder.file = '../x.onnx'), /encoder\.file/],
    ['an absolute file', (m) => (m.decoder.file = '/etc/passwd'), /decoder\.file/],
    ['an address as file', (m) => (m.tokenizer.file = 'http://x/y'), /tokenizer\.file/],
    ['no end token', (m) => delete m.generation.eos, /generation\.eos/],
    ['a text as token', (m) => (m.generation.suppress = ['a']), /generation\.suppress\[0\]/],
  ])('refuses %s', (name, spoil, message) => {
    const manifest = tiny();
    spoil(manifest);
    const read = () => readManifest(name === 'not an object' ? [] : manifest);
    expect(read).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
    if (message.source !== '^$') expect(read).toThrow(message);
  });
});
