import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaptionError } from 'zipcaption';
import { type BatchRig, startBatchRig } from '../../test/batch-rig.js';
import { s3EventBridge, s3Put, snsBody, sqsBatch } from '../../test/events/object-events.js';
import { scriptedEngine } from '../../test/scripted-engine.js';
import type { SqsAnswer } from './doors/sqs.js';

let rig: BatchRig;
beforeEach(async () => {
  rig = await startBatchRig();
});
afterEach(() => rig.close());

const job = (key: string, more = {}) => ({ bucket: 'photos', key, ...more });
const send = async (...messages: Parameters<typeof sqsBatch>[0]) => {
  const { batchItemFailures } = (await rig.handle(sqsBatch(messages))) as SqsAnswer;
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
};

describe('a photo', () => {
  it('is read, captioned and stored', async () => {
    rig.s3.put('photos/a.jpg', 'jpeg');
    expect(await send({ body: job('a.jpg') })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({
      photo: { bucket: 'photos', key: 'a.jpg', versionId: null },
      status: 'captioned',
      caption: 'a dog runs',
      confidence: 0.8,
    });
    expect(rig.result('a.jpg')).not.toHaveProperty('timings');
  });

  it('is found under whatever name it has, in whatever envelope', async () => {
    const key = '2026/summer trip+dogs/café 1.jpg';
    const { versionId } = s3Put.Records[0]?.s3.object ?? {};
    const body = Buffer.from('jpeg');
    const versioned = rig.s3.put(`photos/${key}`, body, { ...(versionId && { versionId }) });
    expect(await send({ body: s3Put }, { body: s3EventBridge }, { body: snsBody(s3Put) })).toEqual(
      [],
    );
    expect(rig.result(key)).toMatchObject({
      photo: { key, versionId, etag: versioned.etag },
      caption: 'a dog runs',
    });
    for (const strange of [
      'trailing.jpg.',
      'a//b.jpg',
      '/a.jpg',
      'a/../b.jpg',
      './c.jpg',
      '100%.jpg',
      '%2B.jpg',
      '猫?&=#.png',
      ' .jpg',
      'line\nbreak.jpg',
    ]) {
      rig.s3.put(`photos/${strange}`, 'jpeg');
      expect(await send({ body: job(strange) }), strange).toEqual([]);
      expect(rig.result(strange), strange).toMatchObject({ caption: 'a dog runs' });
    }
  });

  it('is captioned with the options of its job', async () => {
    rig.s3.put('photos/a.jpg', 'jpeg');
    await send({ body: job('a.jpg', { options: { beams: 4, numCaptions: 2 } }) });
    expect(rig.engine.calls[0]?.options).toMatchObject({ numBeams: 4, numCaptions: 2 });
  });

  it('comes once, however often its message does', async () => {
    rig.s3.put('photos/a.jpg', 'jpeg');
    const bodies = Array.from({ length: 6 }, () => ({ body: job('a.jpg') }));
    expect(await send(...bodies)).toEqual([]);
    const first = rig.s3.objects.get('results/captions/a.jpg.json');
    const calls = rig.engine.calls.length;
    expect(await send(...bodies)).toEqual([]);
    expect(rig.s3.objects.get('results/captions/a.jpg.json')).toBe(first);
    expect(rig.engine.calls.length).toBe(calls);
  });

  it('is captioned anew when it has changed, and an older version changes nothing', async () => {
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    rig.s3.put('photos/a.jpg', 'one', { versionId: 'v1', lastModified: at(1) });
    rig.s3.put('photos/a.jpg', 'two', { versionId: 'v2', lastModified: at(2) });
    await send({ body: job('a.jpg', { versionId: 'v2' }) });
    await send({ body: job('a.jpg', { versionId: 'v1' }) });
    expect(rig.result('a.jpg')).toMatchObject({ photo: { versionId: 'v2' } });
    rig.s3.put('photos/a.jpg', 'three', { versionId: 'v3', lastModified: at(3) });
    await send({ body: job('a.jpg') });
    expect(rig.result('a.jpg')).toMatchObject({ photo: { versionId: 'v3' } });
  });

  it('of two versions of one second is the one with the later event', async () => {
    const lastModified = new Date(Date.UTC(2026, 0, 1));
    const event = (versionId: string, sequencer: string) => {
      const copy = structuredClone(s3Put);
      for (const { s3 } of copy.Records)
        Object.assign(s3.object, { key: 'a.jpg', versionId, sequencer });
      return copy;
    };
    rig.s3.put('photos/a.jpg', 'one', { versionId: 'v1', lastModified });
    rig.s3.put('photos/a.jpg', 'two', { versionId: 'v2', lastModified });
    await send({ body: event('v2', '0055AED6DCD90281E6') });
    await send({ body: event('v1', '0055AED6DCD90281E5') });
    expect(rig.result('a.jpg')).toMatchObject({ photo: { versionId: 'v2' } });
  });

  it('that is gone does not take away the caption that it has', async () => {
    rig.s3.put('photos/a.jpg', 'one');
    await send({ body: job('a.jpg') });
    rig.s3.objects.delete('photos/a.jpg');
    expect(await send({ body: job('a.jpg', { etag: 'other' }) })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({ status: 'captioned' });
  });

  it('that was gone and is there again has its caption', async () => {
    const { etag } = rig.s3.put('photos/a.jpg', 'one');
    const there = rig.s3.objects.get('photos/a.jpg');
    rig.s3.objects.delete('photos/a.jpg');
    expect(await send({ body: job('a.jpg', { etag }) })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
    if (there) rig.s3.objects.set('photos/a.jpg', there);
    expect(await send({ body: job('a.jpg', { etag }) })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({ status: 'captioned' });
  });
});

describe('a photo that can never be captioned', () => {
  it('has its error as its result', async () => {
    rig.s3.put('photos/empty.jpg', '');
    rig.s3.put('photos/large.jpg', 'x', { size: 2 ** 40 });
    rig.s3.put('photos/mangled.jpg', '\ufffd\ufffd\ufffd\ufffd');
    const keys = ['empty.jpg', 'large.jpg', 'mangled.jpg', 'gone.jpg'];
    expect(await send(...keys.map((key) => ({ body: job(key) })))).toEqual([]);
    expect(keys.map((key) => rig.result(key)?.error?.code)).toEqual([
      'UNSUPPORTED_FORMAT',
      'IMAGE_TOO_LARGE',
      'UNSUPPORTED_FORMAT',
      'FILE_NOT_FOUND',
    ]);
    expect(rig.engine.calls).toEqual([]);
    const before = rig.s3.requests.length;
    expect(await send({ body: job('empty.jpg', { etag: rig.etag('empty.jpg') }) })).toEqual([]);
    expect(rig.s3.requests.slice(before)).toEqual(['GET results/captions/empty.jpg.json']);
  });

  it('is one that the engine says is none', async () => {
    for (const code of ['DECODE_FAILED', 'UNSUPPORTED_FORMAT', 'IMAGE_TOO_LARGE'] as const) {
      rig.engine = scriptedEngine({ failure: new CaptionError(code, 'No photo.') });
      rig.s3.put(`photos/${code}`, 'x');
      expect(await send({ body: job(code) })).toEqual([]);
      expect(rig.result(code)).toMatchObject({ status: 'failed', error: { code } });
    }
  });
});

describe('a message', () => {
  it('comes again if something failed that may work the next time', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    rig.s3.put('photos/b.jpg', 'x');
    rig.s3.intercept = (request) =>
      request === 'GET photos/a.jpg' ? { status: 403, code: 'AccessDenied' } : undefined;
    expect(await send({ body: job('a.jpg') }, { body: job('b.jpg') })).toEqual(['m0']);
    rig.s3.intercept = (request) =>
      request.startsWith('PUT results') ? { status: 500, code: 'InternalError' } : undefined;
    expect(await send({ body: job('a.jpg') }, { body: job('b.jpg') })).toEqual(['m0']);
    rig.s3.intercept = () => undefined;
    rig.engine = scriptedEngine({ failure: new CaptionError('RUNTIME_FAILED', 'Out of memory.') });
    expect(await send({ body: job('a.jpg') })).toEqual(['m0']);
    expect(rig.result('a.jpg')).toBeUndefined();
    expect(rig.lines()).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'RUNTIME_FAILED' }) }),
    );
  });

  it('survives a throttle and a broken connection without coming again', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    let calls = 0;
    rig.s3.intercept = () => (++calls % 3 === 1 ? { status: 503, code: 'SlowDown' } : undefined);
    expect(await send({ body: job('a.jpg') })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({ status: 'captioned' });
  });

  it('that is no job comes again, and so ends in the dead-letter queue', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    expect(await send({ body: 'hello' }, { body: job('a.jpg') }, { body: { key: 'x' } })).toEqual([
      'm0',
      'm2',
    ]);
  });

  it('with several photos is done when all of them are', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    const record = s3Put.Records[0];
    const of = (key: string) => ({
      ...record,
      s3: { ...record?.s3, object: { key, eTag: rig.etag(key) } },
    });
    rig.s3.put('photos/b.jpg', 'x');
    rig.s3.intercept = (request) =>
      request === 'GET photos/b.jpg' ? { status: 403, code: 'AccessDenied' } : undefined;
    const body = { Records: [of('a.jpg'), of('b.jpg')] };
    expect(await send({ body })).toEqual(['m0']);
    rig.s3.intercept = () => undefined;
    expect(await send({ body })).toEqual([]);
    expect(rig.engine.calls.length).toBe(2);
  });

  it('of a size that nobody tells is not taken for an empty one', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    rig.s3.intercept = (request) => (request === 'GET photos/a.jpg' ? 'unsized' : undefined);
    expect(await send({ body: job('a.jpg') })).toEqual(['m0']);
    rig.s3.intercept = () => undefined;
    expect(await send({ body: job('a.jpg') })).toEqual([]);
    expect(rig.result('a.jpg')).toMatchObject({ caption: 'a dog runs' });
  });

  it('comes again if the time of the function ends, and nothing hangs', async () => {
    rig.engine = scriptedEngine({ pace: 150 });
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const key of keys) rig.s3.put(`photos/${key}`, 'x');
    await send({ body: job('none') });
    rig.timeLeft = 1600;
    const again = await send(...keys.map((key) => ({ body: job(key) })));
    expect(again.length).toBeGreaterThan(0);
    expect(again.length).toBeLessThan(6);
    for (const [index, key] of keys.entries()) {
      expect(rig.result(key) === undefined).toBe(again.includes(`m${index}`));
    }
    rig.s3.intercept = (request) => (request.startsWith('GET photos') ? 'hang' : undefined);
    rig.s3.put('photos/g', 'x');
    rig.timeLeft = 800;
    expect(await send({ body: job('g') })).toEqual(['m0']);
  });

  it('comes again if a body never comes, be it the photo’s or the result’s', async () => {
    rig.s3.put('photos/a', 'x');
    await send({ body: job('none') });
    rig.timeLeft = 900;
    for (const stalled of ['GET photos/a', 'GET results/captions/a.json']) {
      rig.s3.intercept = (request) => (request === stalled ? 'stall' : undefined);
      const started = performance.now();
      expect(await send({ body: job('a') })).toEqual(['m0']);
      // A connection on which nothing comes is given up after ten seconds by itself.
      expect(performance.now() - started).toBeLessThan(5000);
    }
    rig.s3.intercept = () => undefined;
    expect(await send({ body: job('a') })).toEqual([]);
  });

  it('that came often is done after the others', async () => {
    for (const key of ['a', 'b', 'c']) rig.s3.put(`photos/${key}`, key);
    rig.settings = { ...rig.settings, concurrency: 1 };
    await send(
      { body: job('a'), receives: 3 },
      { body: job('b'), receives: 2 },
      { body: job('c') },
    );
    expect(rig.engine.calls.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      'c',
      'b',
      'a',
    ]);
  });
});

describe('a FIFO queue', () => {
  it('keeps the order of a group, and a failure holds up its own group only', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) rig.s3.put(`photos/${key}`, key);
    rig.s3.intercept = (request) =>
      request === 'GET photos/b' ? { status: 403, code: 'AccessDenied' } : undefined;
    const again = await send(
      { body: job('a'), group: '1' },
      { body: job('b'), group: '1' },
      { body: job('c'), group: '2' },
      { body: job('d'), group: '1' },
      { body: job('e'), group: '2' },
    );
    expect(again).toEqual(['m1', 'm3']);
    expect(rig.engine.calls.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      'a',
      'c',
      'e',
    ]);
  });
});

describe('results', () => {
  it('never start a caption themselves, not even those under another prefix', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    await send({ body: job('a.jpg') });
    const before = rig.s3.objects.size;
    expect(await send({ body: { bucket: 'results', key: 'captions/a.jpg.json' } })).toEqual([]);
    rig.s3.put('photos/2026/', '');
    expect(await send({ body: job('2026/') })).toEqual([]);
    expect(rig.s3.objects.size).toBe(before + 1);
    expect(rig.lines().at(-1)).toMatchObject({ photos: { skipped: 1 } });
  });

  it('do not overwrite what somebody else put there', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    rig.s3.put('results/captions/a.jpg.json', 'precious');
    expect(await send({ body: job('a.jpg') })).toEqual(['m0']);
    expect(rig.s3.objects.get('results/captions/a.jpg.json')?.body.toString()).toBe('precious');
    rig.s3.put('photos/b.jpg', 'x');
    rig.s3.put('other/b.jpg', 'y');
    expect(await send({ body: job('b.jpg') })).toEqual([]);
    expect(await send({ body: { bucket: 'other', key: 'b.jpg' } })).toEqual(['m0']);
    expect(rig.lines()).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'RESULT_CONFLICT' }) }),
    );
  });

  it('have a name of their own where the photo’s is too long', async () => {
    const key = `${'x'.repeat(1015)}.jpg`;
    rig.s3.put(`photos/${key}`, 'x');
    expect(await send({ body: job(key) })).toEqual([]);
    const name = [...rig.s3.objects.keys()].find((each) => each.startsWith('results/'));
    expect(name).toMatch(/^results\/captions\/[0-9a-f]{64}\.json$/);
  });

  it('have the caption as text, if that is wanted', async () => {
    rig.settings = { ...rig.settings, text: true };
    rig.s3.put('photos/a.jpg', 'x');
    rig.s3.put('photos/b.jpg', '');
    await send({ body: job('a.jpg') }, { body: job('b.jpg') });
    expect(rig.s3.objects.get('results/captions/a.jpg.txt')?.body.toString()).toBe('a dog runs\n');
    expect(rig.s3.objects.get('results/captions/b.jpg.txt')?.body.toString()).toBe('');
    // A worker that ended between the two writes is made good for.
    rig.s3.objects.delete('results/captions/a.jpg.txt');
    expect(await send({ body: job('a.jpg') })).toEqual([]);
    expect(rig.s3.objects.get('results/captions/a.jpg.txt')?.body.toString()).toBe('a dog runs\n');
  });
});
