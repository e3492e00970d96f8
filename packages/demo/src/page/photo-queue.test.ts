import { expect, test } from 'vitest';
import { type Caption, CaptionFailure, type Engine } from '../caption.js';
import { type Photo, PhotoQueue, textOf } from './photo-queue.js';

const captionOf = (text: string): Caption => ({
  text,
  score: -1,
  confidence: 0.5,
  alternatives: [],
  attention: [],
  tags: [],
  stages: [],
  total: 1,
  model: 'm',
  backend: 'b',
  warnings: [],
});

/** An engine whose captions come when the test says so. */
class SteppedEngine implements Engine {
  readonly calls: { photo: Blob; finish: (text: string) => void; fail: (code: string) => void }[] =
    [];

  caption(
    photo: Blob,
    _request: unknown,
    onWords: ((text: string) => void) | undefined,
    signal: AbortSignal,
  ): Promise<Caption> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CaptionFailure('ABORTED', 'Cancelled.')));
      this.calls.push({
        photo,
        finish: (text) => {
          onWords?.(text.slice(0, 3));
          resolve(captionOf(text));
        },
        fail: (code) => reject(new CaptionFailure(code, 'why')),
      });
    });
  }
}

function start() {
  const engine = new SteppedEngine();
  const seen: Photo[] = [];
  const removed: number[] = [];
  const queue = new PhotoQueue({
    engine,
    request: () => ({ numBeams: 1, maxLength: 20 }),
    streams: ({ id }) => id === 1,
    onChange: (photo) => seen.push(photo),
    onRemove: (id) => removed.push(id),
  });
  const add = (name: string) => queue.add(new Blob([name]), name);
  const statuses = () => queue.photos.map(({ status }) => status);
  return { engine, queue, seen, removed, add, statuses };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test('photos are captioned one at a time, in order, whatever becomes of each', async () => {
  const { engine, queue, seen, add, statuses } = start();
  for (const name of ['a', 'b', 'c']) add(name);
  await settle();
  expect(statuses()).toEqual(['working', 'waiting', 'waiting']);
  engine.calls[0]?.finish('a dog');
  await settle();
  expect(statuses()).toEqual(['done', 'working', 'waiting']);
  engine.calls[1]?.fail('DECODE_FAILED');
  await settle();
  expect(statuses()).toEqual(['done', 'failed', 'working']);
  engine.calls[2]?.finish('a cat');
  await settle();
  expect(queue.photos.map(({ caption, error }) => caption?.text ?? error?.code)).toEqual([
    'a dog',
    'DECODE_FAILED',
    'a cat',
  ]);
  // Only the first was to be streamed.
  expect(seen.filter(({ status, words }) => status === 'working' && words)).toMatchObject([
    { id: 1, words: 'a d' },
  ]);
});

test('cancelling the one under way goes on with the next', async () => {
  const { engine, queue, add, statuses } = start();
  add('a');
  add('b');
  await settle();
  queue.cancel(1);
  expect(statuses()).toEqual(['cancelled', 'waiting']);
  await settle();
  expect(statuses()).toEqual(['cancelled', 'working']);
  engine.calls[1]?.finish('a cat');
  await settle();
  expect(statuses()).toEqual(['cancelled', 'done']);
});

test('one that is tried again goes before those that wait', async () => {
  const { engine, queue, add, statuses } = start();
  for (const name of ['a', 'b', 'c']) add(name);
  await settle();
  engine.calls[0]?.fail('DECODE_FAILED');
  await settle();
  queue.again(1);
  engine.calls[1]?.finish('a cat');
  await settle();
  expect(statuses()).toEqual(['working', 'done', 'waiting']);
  expect(queue.get(1)?.error).toBeUndefined();
});

test('after cancelling all nothing is left, and new photos are taken', async () => {
  const { engine, queue, add, statuses } = start();
  for (const name of ['a', 'b', 'c']) add(name);
  await settle();
  queue.cancelAll();
  await settle();
  expect(statuses()).toEqual(['cancelled', 'cancelled', 'cancelled']);
  add('d');
  await settle();
  engine.calls.at(-1)?.finish('a bird');
  await settle();
  expect(statuses().at(-1)).toBe('done');
  expect(engine.calls).toHaveLength(2);
});

test('one that is taken out is not captioned any more, and the next one is', async () => {
  const { engine, queue, removed, add, statuses } = start();
  for (const name of ['a', 'b', 'c']) add(name);
  await settle();
  queue.remove(2);
  queue.remove(1);
  queue.remove(1);
  await settle();
  expect(removed).toEqual([2, 1]);
  expect(statuses()).toEqual(['working']);
  expect(queue.get(3)?.name).toBe('c');
  engine.calls[0]?.finish('too late');
  engine.calls[1]?.finish('a bird');
  await settle();
  expect(queue.photos.map(textOf)).toEqual(['a bird']);
});

test("the visitor's own words stay when the photo is captioned again, until they are taken back", async () => {
  const { engine, queue, add } = start();
  add('a');
  await settle();
  engine.calls[0]?.finish('a dog');
  await settle();
  queue.edit(1, 'my dog');
  queue.again(1);
  await settle();
  engine.calls[1]?.finish('a brown dog');
  await settle();
  expect(queue.photos.map(textOf)).toEqual(['my dog']);
  queue.edit(1, undefined);
  expect(queue.photos.map(textOf)).toEqual(['a brown dog']);
});

test('photos of an earlier visit come back as they were; those that were pending wait again', async () => {
  const { engine, queue, statuses } = start();
  const file = new Blob(['a']);
  const error = { code: 'DECODE_FAILED', message: 'why' };
  queue.restore({ file, name: 'a', status: 'done', caption: captionOf('a dog'), edited: 'my dog' });
  queue.restore({ file, name: 'b', status: 'failed', error });
  queue.restore({ file, name: 'c', status: 'working' });
  expect(statuses()).toEqual(['done', 'failed', 'waiting']);
  await settle();
  expect(statuses()).toEqual(['done', 'failed', 'working']);
  expect(engine.calls).toHaveLength(1);
  expect(queue.photos.map(textOf)).toEqual(['my dog', '', '']);
});
