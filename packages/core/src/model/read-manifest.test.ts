import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readManifest } from './read-manifest.js';

const tiny = () =>
  JSON.parse(
    readFileSync(new URL('../../test/fixtures/tiny-model/manifest.json', import.meta.url), 'utf8'),
  );

const patches = {
  side: 16,
  merge: 2,
  minFeatures: 4,
  maxFeatures: 64,
  split: { above: 2, minTiles: 2, maxTiles: 4, overview: true },
};

describe('readManifest', () => {
  test('fills in the defaults of absent optional fields', () => {
    const manifest = readManifest(tiny());
    expect(manifest.image.rescale).toBeCloseTo(1 / 255, 12);
    expect(manifest.image.channelOrder).toBe('rgb');
    expect(manifest.generation.earlyStopping).toBe(false);
    expect(manifest.generation.repetitionPenalty).toBe(1);
  });

  test('leaves out what a model does not have', () => {
    const json = tiny();
    delete json.encoder.tags;
    delete json.encoder.features;
    expect(Object.keys(readManifest(json).encoder)).toEqual(['file', 'input', 'outputs']);
    const { encoder } = readManifest(tiny());
    expect(encoder).toMatchObject({ tags: { output: 'concepts' }, features: 'embedding' });
    expect(encoder.tags?.tokens).toHaveLength(15);
  });

  test.each<[string, (m: ReturnType<typeof tiny>) => void, RegExp]>([
    ['not an object', () => undefined, /^$/],
    ['another format', (m) => (m.format = 2), /format must be one of 1/],
    ['no name', (m) => delete m.name, /name must be a non-empty text, but it is missing/],
    ['an unknown field', (m) => (m.encoder.extra = 1), /encoder\.extra must be omitted/],
    ['a negative width', (m) => (m.image.width = -1), /image\.width must be a whole number from 1/],
    ['a zero std', (m) => (m.image.std[1] = 0), /image\.std\[1\] must be a number from/],
    ['two means', (m) => m.image.mean.pop(), /image\.mean must be a list of 3/],
    ['an unknown filter', (m) => (m.image.resample = 'cubic'), /image\.resample must be one of/],
    [
      'patches in tiles that are no squares',
      (m) => Object.assign(m.image, { patches, width: 64, height: 32 }),
      /image\.patches must be square tiles/,
    ],
    [
      'patches that do not fill a tile',
      (m) => Object.assign(m.image, { patches: { ...patches, side: 5 }, width: 64, height: 64 }),
      /image\.patches must be tiles whose side is a multiple of 10 pixels/,
    ],
    [
      'patches of a photo without end',
      (m) =>
        Object.assign(m.image, {
          patches: { ...patches, merge: 8, maxFeatures: 4096 },
          width: 512,
          height: 512,
        }),
      /image\.patches must be at most 16777216 pixels/,
    ],
    [
      'a split without its number of tiles',
      (m) => (m.image.patches = { ...patches, split: { above: 2 } }),
      /image\.patches\.split\.minTiles/,
    ],
    [
      'an unknown arithmetic',
      (m) => (m.image.arithmetic = 'opencv'),
      /image\.arithmetic must be one of "pillow", "torchvision"/,
    ],
    ['attention without grid', (m) => delete m.decoder.attentionGrid, /decoder\.attentionGrid/],
    ['a way out of the folder', (m) => (m.encoder.file = '../x.onnx'), /encoder\.file/],
    ['an absolute file', (m) => (m.decoder.file = '/etc/passwd'), /decoder\.file/],
    ['an address as file', (m) => (m.tokenizer.file = 'http://x/y'), /tokenizer\.file/],
    ['no end token', (m) => delete m.generation.eos, /generation\.eos/],
    ['tags without an output', (m) => delete m.encoder.tags.output, /encoder\.tags\.output/],
    [
      'a weight of tags that are not there',
      (m) => {
        m.generation.tagWeight = 1;
        delete m.encoder.tags;
      },
      /generation\.tagWeight must be 0 where encoder\.tags is not given/,
    ],
    [
      'a penalty of tags that are not there',
      (m) => {
        m.generation.tagRepeatPenalty = 1;
        delete m.encoder.tags;
      },
      /generation\.tagRepeatPenalty must be 0 where encoder\.tags is not given/,
    ],
    [
      'a bias of tags that no output gives',
      (m) => (m.generation.tagBias = 1),
      /generation\.tagBias must be 0 where encoder\.tags\.bias is not given/,
    ],
    ['a tag below 0', (m) => (m.encoder.tags.tokens[1] = -1), /encoder\.tags\.tokens\[1\]/],
    [
      'a tag twice',
      (m) => m.encoder.tags.tokens.push(20),
      /tokens\[15\] must be a token that is not/,
    ],
    [
      'a form of two words',
      (m) =>
        (m.encoder.tags.forms = [
          [20, 21],
          [22, 20],
        ]),
      /forms\[1\]\[1\] must be a token that is not/,
    ],
    [
      'an unweighted tag twice',
      (m) => (m.encoder.tags.unweighted = [20, 20]),
      /unweighted\[1\] must be a token that is not/,
    ],
    [
      'forms of no tag',
      (m) =>
        (m.encoder.tags.forms = [
          [20, 21],
          [900, 901],
        ]),
      /forms\[1\] must be tokens, one of a tag among them/,
    ],
    [
      'an unweighted word that is no tag',
      (m) => (m.encoder.tags.unweighted = [900]),
      /unweighted\[0\] must be one of encoder\.tags\.tokens, but it is 900/,
    ],
    ['a list as features', (m) => (m.encoder.features = ['x']), /encoder\.features must be a/],
    ['a text as token', (m) => (m.generation.suppress = ['a']), /generation\.suppress\[0\]/],
  ])('refuses %s', (name, spoil, message) => {
    const manifest = tiny();
    spoil(manifest);
    const read = () => readManifest(name === 'not an object' ? [] : manifest);
    expect(read).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
    if (message.source !== '^$') expect(read).toThrow(message);
  });
});
