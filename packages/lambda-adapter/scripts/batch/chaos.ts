import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Aws } from './aws.js';
import { judge } from './chaos-judge.js';
import type { Fault, FaultProxy } from './fault-proxy.js';
import { packagedFunction } from './packaged-function.js';
import { brokenPhoto, each, type Fate, type Photo, random, smallPhotos } from './photos.js';
import { oneAfterAnother, Poller, type Queue } from './poller.js';
import { makeBucket, makeQueue, makeTable, notifyQueue, queueDepth } from './resources.js';

export interface ChaosOptions {
  readonly objects: number;
  /** After so many no more photos arrive. */
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** What a run found; `wrong` says what is not as it must be. */
export interface ChaosLedger {
  readonly lines: readonly (readonly [what: string, value: string | number])[];
  readonly wrong: readonly string[];
}

const MAX_RECEIVES = 4;

/** Functions killed in a long run. Each takes some seconds to start again. */
const KILLS = 25;

/** Photos that arrive at once. moto takes the longer for a message the more of them a queue holds. */
const WAVE = 100;
/** Messages that may be left when the next photos arrive. */
const FEW = 60;

/**
 * Photos of which some are broken, deleted before their turn, overwritten or not to be read; messages
 * that come once or twice, or are none; calls that fail; a function that is ended in the middle of
 * batches, beside one that is not; two pollers at once. In the end every photo must have exactly one
 * result, and the dead-letter queue exactly what deserves it.
 */
export async function chaos(
  { aws, proxy, folder }: { aws: Aws; proxy: FaultProxy; folder: string },
  { objects, minutes, seed, say }: ChaosOptions,
): Promise<ChaosLedger> {
  const chance = random(seed);
  await Promise.all([
    makeBucket(aws, 'chaos-photos'),
    // Every write of a result leaves a version: that is how a second one is found.
    makeBucket(aws, 'chaos-results', true),
    makeTable(aws, 'chaos'),
  ]);
  const dead = await makeQueue(aws, 'chaos-dead');
  const queue = await makeQueue(aws, 'chaos', {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: MAX_RECEIVES }),
  });
  const photos = drawnPhotos(objects, chance);
  const twice = new Set(photos.filter(() => chance() < 0.5));
  const poison = Math.max(2, Math.round(objects / 500));
  say(`${objects} photos, ${twice.size} messages twice, ${poison} that are no jobs`);

  const env = {
    ZIPCAPTION_RESULTS: 's3://chaos-results/captions,dynamodb://chaos',
    // The whole batch at once: more that can cross, and less waiting on a busy machine.
    ZIPCAPTION_BATCH_CONCURRENCY: '10',
  };
  const functions = [0, 1].map(() => packagedFunction(folder, proxy.port, env));
  // The first invocation loads the model; the second tells how fast this machine is.
  await Promise.all(functions.map((each) => each.invoke({ warm: true }, 300_000)));
  const batchTime = await timeOfBatch(aws, queue, functions[0]);
  // In a long run the machine may become slower; a short one should not wait long for what comes again.
  const timeout = Math.max(objects > 1000 ? 60_000 : 15_000, 4 * batchTime);
  const visibility = Math.ceil((1.2 * timeout) / 1000);
  await aws.json('AmazonSQS.SetQueueAttributes', {
    QueueUrl: queue.url,
    Attributes: { VisibilityTimeout: String(visibility) },
  });
  say(`a batch takes ${batchTime} ms; time limit ${timeout} ms, visibility ${visibility} s`);

  proxy.fault = faults(chance);
  const before = { ...proxy.counts };
  const memory: number[] = [];
  let kills = 0;
  // Half of the batches go to each of the two functions.
  const killChance = Math.min(0.06, (2 * KILLS) / ((objects + twice.size) / 10));
  const pollers = functions.map(
    (function_, at) =>
      new Poller({
        aws,
        queue,
        function: function_,
        timeout,
        onBatch(batch) {
          // The second batch in any case, so that short runs have a kill, too.
          if (at === 0 && (batch === 1 || chance() < killChance)) {
            kills++;
            setTimeout(() => function_.kill(), 0.5 * chance() * batchTime);
          }
          if (at === 1) memory.push(function_.memory());
        },
      }),
  );
  const started = Date.now();
  await each(poison, 4, (index) => send(aws, queue, index % 2 ? 'not JSON' : '{"bucket":"b"}'));
  const photo = await smallPhotos();
  // They are gone before S3 tells of photos: their messages are sent by hand.
  const deleted = photos.filter(({ fate }) => fate === 'deleted');
  await upload(aws, deleted, (index) => photo(objects + index));
  for (const { key } of deleted) {
    await aws.s3.send(new DeleteObjectCommand({ Bucket: 'chaos-photos', Key: key }));
  }
  await notifyQueue(aws, 'chaos-photos', queue);
  const end = started + minutes * 60_000;
  const arrived: Photo[] = [];
  let overwritten: Photo[] = [];
  let told = started;
  await work(aws, queue, pollers, async (depth) => {
    if (Date.now() - told > 30_000) {
      told = Date.now();
      const seconds = Math.round((told - started) / 1000);
      say(`${seconds} s: ${arrived.length} photos have arrived, ${depth} messages left`);
    }
    if (depth >= FEW) return false;
    const from = arrived.length;
    const wave = Date.now() < end ? photos.slice(from, from + WAVE) : [];
    // Those of the wave before are a second old, and S3 tells times to the second.
    const due = overwritten;
    overwritten = wave.filter(({ fate }) => fate === 'overwritten');
    await upload(aws, due, (index) => photo(2 * objects + from + index));
    const there = wave.filter(({ fate }) => fate !== 'deleted');
    await upload(aws, there, (index) => photo(from + index));
    await announce(
      aws,
      queue,
      wave.filter((each) => twice.has(each) || each.fate === 'deleted'),
    );
    arrived.push(...wave);
    return wave.length + due.length > 0;
  });
  const seconds = (Date.now() - started) / 1000;
  proxy.fault = () => undefined;
  for (const function_ of functions) function_.stop();

  const found = await judge(aws, arrived, poison, dead, memory);
  if (pollers.reduce((sum, { crashes }) => sum + crashes, 0) === 0)
    found.wrong.push('Nothing was killed.');
  const count = (kind: string) => (proxy.counts[kind] ?? 0) - (before[kind] ?? 0);
  return {
    wrong: found.wrong,
    lines: [
      ['photos', arrived.length],
      ['messages sent twice', arrived.filter((each) => twice.has(each)).length],
      ['batches', pollers.map(({ batches }) => batches).join(' + ')],
      ['functions killed; batches lost by it', `${kills}; ${pollers[0]?.crashes}`],
      ['calls of the functions to AWS', count('calls')],
      ...(['slow-down', 'reset', 'lost-answer', 'hang', 'forbidden'] as const).map(
        (fault) => [`  of these ${fault}`, count(fault)] as const,
      ),
      ...found.lines,
      ['seconds', seconds.toFixed(0)],
    ],
  };
}

function drawnPhotos(objects: number, chance: () => number): Photo[] {
  const names = ['plain', 'with space', 'a+b', 'café', '猫', 'dot.'];
  return Array.from({ length: objects }, (_, index): Photo => {
    const fate = fateOf(index, chance());
    const folder = fate === 'forbidden' ? 'forbidden' : (names[index % names.length] ?? '');
    return { key: `${folder}/${index}.jpg${index % 7 ? '' : '.'}`, fate, etag: '' };
  });
}

async function upload(
  aws: Aws,
  photos: readonly Photo[],
  bytes: (index: number) => Buffer,
): Promise<void> {
  await each(photos.length, 8, async (index) => {
    const photo = photos[index];
    if (!photo) return;
    const Body = photo.fate === 'broken' ? brokenPhoto(bytes(index), index) : bytes(index);
    const command = new PutObjectCommand({ Bucket: 'chaos-photos', Key: photo.key, Body });
    const { ETag = '' } = await oneAfterAnother(() => aws.s3.send(command));
    photo.etag = ETag.replaceAll('"', '');
  });
}

/** The first photos have every fate, so that short runs have them, too. */
function fateOf(index: number, number: number): Fate {
  const first = (['forbidden', 'broken', 'deleted', 'overwritten'] as const)[index];
  if (first) return first;
  if (number < 0.02) return 'broken';
  if (number < 0.03) return 'deleted';
  if (number < 0.05) return 'overwritten';
  return number < 0.051 ? 'forbidden' : 'sound';
}

/** Sends what S3 sends of a new object. */
async function announce(aws: Aws, queue: Queue, photos: readonly Photo[]): Promise<void> {
  await each(photos.length, 4, (index) => {
    const { key, etag } = photos[index] ?? { key: '', etag: '' };
    const object = { key: encodeURIComponent(key).replaceAll('%20', '+'), eTag: etag };
    const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put' };
    const s3 = { bucket: { name: 'chaos-photos' }, object };
    return send(aws, queue, JSON.stringify({ Records: [{ ...record, s3 }] }));
  });
}

function send(aws: Aws, { url }: Queue, body: string): Promise<unknown> {
  return oneAfterAnother(() =>
    aws.json('AmazonSQS.SendMessage', { QueueUrl: url, MessageBody: body }),
  );
}

/** Milliseconds for ten photos, measured with photos of no bucket of the run. */
async function timeOfBatch(
  aws: Aws,
  queue: Queue,
  function_: ReturnType<typeof packagedFunction> | undefined,
): Promise<number> {
  await makeBucket(aws, 'chaos-warm');
  const photo = await smallPhotos();
  const record = (index: number) => ({
    messageId: `w${index}`,
    receiptHandle: '',
    attributes: {},
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: 'eu-central-1',
    body: JSON.stringify({ bucket: 'chaos-warm', key: `warm/${index}` }),
  });
  await each(20, 4, (index) =>
    aws.s3.send(
      new PutObjectCommand({ Bucket: 'chaos-warm', Key: `warm/${index}`, Body: photo(index) }),
    ),
  );
  const batch = (from: number) => ({
    Records: Array.from({ length: 10 }, (_, at) => record(from + at)),
  });
  await function_?.invoke(batch(0), 300_000);
  const started = Date.now();
  await function_?.invoke(batch(10), 300_000);
  return Date.now() - started;
}

/** Five in a hundred calls fail. */
function faults(chance: () => number): (call: string) => Fault | undefined {
  return (call) => {
    if (call.startsWith('GET /chaos-photos/forbidden/')) return 'forbidden';
    const number = chance();
    if (number < 0.03) return 'slow-down';
    if (number < 0.04) return 'reset';
    if (number < 0.049) return 'lost-answer';
    return number < 0.05 ? 'hang' : undefined;
  };
}

/**
 * Works until nothing waits, nothing is in anybody's hand and nothing arrives any more.
 *
 * @param arrive may let photos arrive; false if it did not
 */
async function work(
  aws: Aws,
  queue: Queue,
  pollers: readonly Poller[],
  arrive: (depth: number) => Promise<boolean>,
): Promise<void> {
  let isOver = false;
  const poll = async (poller: Poller) => {
    while (!isOver) {
      if (!(await poller.once())) await sleep(500);
    }
  };
  const watch = async () => {
    for (let empty = 0; empty < 3; ) {
      await sleep(1500);
      const depth = await queueDepth(aws, queue);
      const hasMore = await arrive(depth);
      empty = depth === 0 && !hasMore ? empty + 1 : 0;
    }
    isOver = true;
  };
  await Promise.all([watch(), ...pollers.map(poll)]);
}
