import { describe, expect, test } from 'vitest';
import { CaptionError } from '../errors.js';
import { startDecoding } from './decoder.js';
import { readManifest } from './read-manifest.js';
import type { Session, Values } from './session.js';

/**
 * A network without weights that notes what it is fed. One that insists fails where the photo has not a
 * row for each sentence; one that errs gives other logits then.
 */
function network(insists: boolean, errs = false) {
  const fed: { rows: number; photoRows: number; switch: number; cache: readonly number[] }[] = [];
  const session: Session = {
    inputs: ['ids', 'photo', 'past', 'use_cache'],
    outputs: ['logits', 'present'],
    shape: () => undefined,
    inputType: () => undefined,
    outputType: () => undefined,
    async run(feeds) {
      const [ids, photo, past, flag] = ['ids', 'photo', 'past', 'use_cache'].map(
        (name) => feeds[name] as Values,
      ) as [Values, Values, Values, Values];
      const rows = ids.dims[0] as number;
      const photoRows = photo.dims[0] as number;
      fed.push({ rows, photoRows, switch: flag.data[0] as number, cache: past.dims });
      if (insists && rows !== photoRows)
        throw new CaptionError('RUNTIME_FAILED', 'no broadcasting');
      const length = (past.dims[2] as number) + 1;
      const values = (...dims: number[]): Values => ({
        type: 'float32',
        data: new Float32Array(dims.reduce((a, b) => a * b, 1)),
        dims,
      });
      const logits = values(rows, 1, 7);
      (logits.data as Float32Array).fill(errs && rows !== photoRows ? 2 : 1);
      return { logits, present: values(rows, 1, length, 2) };
    },
    release: async () => undefined,
  };
  return { fed, session };
}

const manifest = readManifest({
  format: 1,
  name: 'x',
  version: '1',
  license: 'x',
  task: 'image-to-text',
  image: { width: 8, height: 8, fit: 'stretch', mean: [0, 0, 0], std: [1, 1, 1] },
  encoder: { file: 'e.onnx', input: 'pixels', outputs: ['hidden'] },
  decoder: {
    file: 'd.onnx',
    tokens: 'ids',
    logits: 'logits',
    cacheSwitch: 'use_cache',
    encoderInputs: { photo: 'hidden' },
    state: [{ input: 'past', output: 'present', initial: [1, 1, 0, 2] }],
  },
  tokenizer: { file: 't.json' },
  generation: { bos: 1, eos: 2 },
});
const encoded = {
  outputs: { hidden: { type: 'float32', data: new Float32Array(6), dims: [1, 3, 2] } },
  start: [1],
} as const;

describe('decoding', () => {
  test('tells the network whether its cache holds anything yet', async () => {
    const { fed, session } = network(false);
    const step = startDecoding({ first: session, later: session }, manifest, encoded);
    await step([1], [0]);
    await step([3, 4], [0, 0]);
    await step([5], [1]);
    expect(fed.map((step) => step.switch)).toEqual([0, 1, 1]);
    expect(fed.map((step) => step.cache)).toEqual([
      [1, 1, 0, 2],
      [2, 1, 1, 2],
      [1, 1, 2, 2],
    ]);
  });

  test('gives all sentences one row of the photo', async () => {
    const { fed, session } = network(false);
    const step = startDecoding({ first: session, later: session }, manifest, encoded);
    await step([1, 1, 1], [0, 0, 0]);
    expect(fed).toMatchObject([{ rows: 3, photoRows: 1 }]);
  });

  test('repeats it for a network that cannot share it, having found that out once', async () => {
    const { fed, session } = network(true);
    for (let photo = 0; photo < 2; photo++) {
      const step = startDecoding({ first: session, later: session }, manifest, encoded);
      await step([1], [0]);
      await step([3, 4], [0, 0]);
      await step([3, 4], [1, 0]);
    }
    expect(fed.map(({ rows, photoRows }) => [rows, photoRows])).toEqual([
      ...[
        [1, 1],
        [2, 1],
        [2, 2],
        [2, 2],
      ],
      ...[
        [1, 1],
        [2, 2],
        [2, 2],
      ],
    ]);
  });

  describe('told to try', () => {
    const tried = { ...manifest, decoder: { ...manifest.decoder, encoderRows: 'tried' as const } };
    const decode = async (session: Session) => {
      for (let photo = 0; photo < 2; photo++) {
        const step = startDecoding({ first: session, later: session }, tried, encoded);
        await step([1], [0]);
        const { logits } = await step([3, 4], [0, 0]);
        expect([...logits]).toEqual(new Array(14).fill(1));
        await step([3, 4], [1, 0]);
      }
    };
    const severalRows = (fed: readonly { rows: number; photoRows: number }[]) =>
      fed.filter(({ rows }) => rows > 1).map(({ photoRows }) => photoRows);

    test('keeps one row where the logits are the same', async () => {
      const { fed, session } = network(false);
      await decode(session);
      expect(severalRows(fed)).toEqual([2, 1, 1, 1, 1]);
    });

    test.each([
      ['fails', true, false],
      ['gives other logits', false, true],
    ])('repeats it for a network that %s', async (_, insists, errs) => {
      const { fed, session } = network(insists, errs);
      await decode(session);
      expect(severalRows(fed)).toEqual([2, 1, 2, 2, 2]);
    });
  });

  test('fails with what the network says when that is not the reason', async () => {
    const { session } = network(true);
    const broken: Session = {
      ...session,
      run: () => Promise.reject(new CaptionError('RUNTIME_FAILED', 'out of memory')),
    };
    const step = startDecoding({ first: broken, later: broken }, manifest, encoded);
    await expect(step([1, 1], [0, 0])).rejects.toMatchObject({ message: 'out of memory' });
  });
});
