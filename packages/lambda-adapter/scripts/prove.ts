import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { eventWithBody, httpEventNames, recordedEvent } from '../test/events/index.js';
import type { Invocation } from '../test/runtime-api.js';
import { model } from './package/contents.js';
import { functionContents, type PackageOptions } from './package/package-function.js';
import { deterministicZip } from './package/zip.js';
import { repositoryRoot } from './repository-root.js';
import {
  remove,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  unpack,
} from './sandbox/sandbox.js';
import { type NodeLine, nodeLines } from './sandbox/toolchain.js';

/*
 * The proof on the real thing: the zip, unpacked into an empty folder, under AWS's own runtime
 * client on the Node lines that Lambda offers, with real photos through every front door.
 */

const modelFolder = join(repositoryRoot, process.argv[2] ?? 'models/lite');
const sample = (name: string) => readFileSync(join(repositoryRoot, 'samples', name));
const photos = {
  jpeg: sample('astronaut.jpg'),
  png: sample('chelsea.png'),
  webp: await sharp(sample('coffee.jpg')).webp().toBuffer(),
};

let passed = 0;
let failed = 0;

async function check(what: string, prove: () => Promise<unknown> | unknown): Promise<void> {
  try {
    await prove();
    passed++;
    console.log(`  ok    ${what}`);
  } catch (error) {
    failed++;
    console.log(`  FAIL  ${what}\n        ${error instanceof Error ? error.message : error}`);
  }
}

function equal(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

function truth(value: unknown, what: string): asserts value {
  if (!value) throw new Error(what);
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
}

const http = ({ body, error }: Invocation): HttpAnswer => {
  if (error) throw new Error(`${error.errorType}: ${error.errorMessage}`);
  return JSON.parse(body.toString()) as HttpAnswer;
};
const caption = (answer: HttpAnswer): string => {
  equal(answer.statusCode, 200);
  const { caption } = JSON.parse(answer.body) as { caption?: string };
  truth(caption && / /.test(caption), `no sentence in ${answer.body.slice(0, 200)}`);
  return caption;
};

async function inSandbox(options: SandboxOptions, use: (sandbox: Sandbox) => Promise<void>) {
  let sandbox: Sandbox | undefined;
  try {
    sandbox = await startSandbox(options);
    await use(sandbox);
  } catch (error) {
    await check('the function starts', () => {
      throw error;
    });
  } finally {
    await sandbox?.stop();
  }
}

async function packaged(options: PackageOptions): Promise<string> {
  return unpack(deterministicZip(await functionContents(repositoryRoot, options)));
}

async function everyFrontDoor(node: NodeLine, task: string): Promise<string> {
  let sentence = '';
  console.log(`Node ${node}, index.handler`);
  await inSandbox({ node, task }, async ({ api, output }) => {
    for (const name of httpEventNames) {
      for (const [format, photo] of Object.entries(photos)) {
        await check(`${name}, ${format}`, async () => {
          const found = caption(http(await api.invoke(eventWithBody(name, photo))));
          if (name === 'function-url' && format === 'jpeg') sentence = found;
        });
      }
    }
    await check('the same photo through any front door gives the same sentence', async () => {
      const sentences = [];
      for (const name of ['rest-api-v1', 'http-api-v2', 'alb', 'alb-multi-value'] as const) {
        sentences.push(caption(http(await api.invoke(eventWithBody(name, photos.jpeg)))));
      }
      equal(new Set(sentences).size, 1);
    });
    await check('a direct invocation', async () => {
      const { body, error } = await api.invoke({ image: photos.jpeg.toString('base64') });
      equal(error, undefined);
      equal(JSON.parse(body.toString()).caption, sentence);
    });
    await check('a direct invocation that fails, by its code', async () => {
      const { error } = await api.invoke({
        image: Buffer.from('no photo at all').toString('base64'),
      });
      equal(error?.errorType, 'UNSUPPORTED_FORMAT');
    });
    await check('a scheduled ping', async () => {
      equal((await api.invoke(recordedEvent('scheduled'))).body.toString(), '{"warm":true}');
    });
    await check('an empty body: 204', async () => {
      equal(http(await api.invoke({ ...recordedEvent('function-url'), body: '' })).statusCode, 204);
    });
    await check('a body that is no photo: 415', async () => {
      equal(
        http(await api.invoke(eventWithBody('function-url', Buffer.from('hello')))).statusCode,
        415,
      );
    });
    await check('a photo cut off in its header: 422', async () => {
      const cut = photos.png.subarray(0, 60);
      equal(http(await api.invoke(eventWithBody('function-url', cut))).statusCode, 422);
    });
    await check('too little time: 504 before the deadline', async () => {
      const event = eventWithBody('function-url', Buffer.concat([photos.jpeg, Buffer.from('x')]));
      const { statusCode } = http(await api.invoke({ ...event, rawQueryString: 'beams=16' }, 260));
      equal(statusCode, 504);
    });
    await check('one line of JSON for each request, the first one cold, without the photo', () => {
      // The runtime client itself tells of errors that were thrown: direct invocations' ones.
      const [ours, theirs] = [true, false].map((json) =>
        output().filter((line) => line.startsWith('{') === json),
      );
      equal(
        theirs?.every((line) => line.includes('Invoke Error')),
        true,
      );
      const lines = (ours ?? []).map((line) => JSON.parse(line) as Record<string, unknown>);
      equal(lines.length > 20, true);
      equal(lines[0]?.cold_start, true);
      equal(
        lines.slice(1).some((line) => line.cold_start),
        false,
      );
      equal(
        lines.every((line) => line._aws),
        true,
      );
      equal(
        output().every((line) => line.length < 4000),
        true,
      );
    });
  });
  return sentence;
}

async function streaming(node: NodeLine, task: string, sentence: string): Promise<void> {
  console.log(`Node ${node}, index.streamHandler`);
  await inSandbox({ node, task, handler: 'index.streamHandler' }, async ({ api }) => {
    const event = eventWithBody('function-url', photos.jpeg);
    await check('words as they come', async () => {
      const headers = { ...(event.headers as object), accept: 'text/event-stream' };
      const { stream } = await api.invoke({ ...event, headers });
      equal(stream?.prelude.statusCode, 200);
      truth((stream?.pieces.length ?? 0) > 2, `it came in ${stream?.pieces.length} pieces`);
      truth(
        stream?.pieces
          .map(({ text }) => text)
          .join('')
          .includes('event: result'),
        'no result',
      );
    });
    await check('a whole answer', async () => {
      const { stream } = await api.invoke(event);
      const body = stream?.pieces.map(({ text }) => text).join('') ?? '';
      equal(caption({ statusCode: stream?.prelude.statusCode ?? 0, body }), sentence);
    });
    await check('a failure', async () => {
      const { stream } = await api.invoke(eventWithBody('function-url', Buffer.from('hello')));
      equal(stream?.prelude.statusCode, 415);
      equal(stream?.prelude.headers['content-type'], 'application/problem+json');
    });
    await check('an empty body: 204', async () => {
      const { stream } = await api.invoke({ ...recordedEvent('function-url'), body: '' });
      equal(stream?.prelude.statusCode, 204);
    });
    await check('a direct invocation', async () => {
      const { body } = await api.invoke({ image: photos.jpeg.toString('base64') });
      equal(JSON.parse(body.toString()).caption, sentence);
    });
  });
}

async function otherModels(sentence: string): Promise<void> {
  const task = await packaged({});
  const says = (env: Record<string, string>, folder = task) =>
    inSandbox({ node: 24, task: folder, env }, async ({ api }) => {
      await check('gives the same sentence', async () => {
        equal(
          caption(http(await api.invoke(eventWithBody('function-url', photos.jpeg)))),
          sentence,
        );
      });
    });

  console.log('Node 24, the model in a mounted folder');
  await says({ ZIPCAPTION_MODEL: modelFolder });

  console.log('Node 24, the model in S3');
  const files = await model(modelFolder);
  const store = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '', 'http://x').pathname);
    const bytes = files.get(`model/${name}`);
    if (bytes) response.end(bytes);
    else response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  await says({
    ZIPCAPTION_MODEL: 's3://models/lite',
    // An address of numbers makes the SDK name the bucket in the path.
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'example',
    AWS_SECRET_ACCESS_KEY: 'example',
    // The managed runtime brings the SDK; here it is this workspace's.
    NODE_PATH: join(repositoryRoot, 'packages/lambda-adapter/node_modules'),
    TMPDIR: task,
  });
  store.close();

  console.log('Node 24, no model at all');
  await inSandbox(
    { node: 24, task, env: { ZIPCAPTION_MODEL: '/nowhere' } },
    async ({ api, output }) => {
      await check('starts, says so in the log, and answers 500 without internals', async () => {
        truth(output()[0]?.includes('MODEL_NOT_FOUND'), `the log says ${output()[0]}`);
        const { statusCode, body } = http(
          await api.invoke(eventWithBody('function-url', photos.jpeg)),
        );
        equal(statusCode, 500);
        equal(body.includes('/nowhere'), false);
      });
    },
  );
  remove(task);

  if (process.arch === 'x64') {
    console.log('Node 24, the native runtime');
    const native = await packaged({ model: modelFolder, native: 'x86_64' });
    await inSandbox(
      { node: 24, task: native, env: { ZIPCAPTION_RUNTIME: 'native' } },
      async ({ api }) => {
        await check('gives a sentence', async () => {
          caption(http(await api.invoke(eventWithBody('function-url', photos.jpeg))));
        });
      },
    );
    remove(native);
  }
}

const task = await packaged({ model: modelFolder });
const sentences: string[] = [];
for (const node of nodeLines) {
  const sentence = await everyFrontDoor(node, task);
  await streaming(node, task, sentence);
  sentences.push(sentence);
}
await check('both lines of Node say the same', () => equal(new Set(sentences).size, 1));
await otherModels(sentences[0] ?? '');
remove(task);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
