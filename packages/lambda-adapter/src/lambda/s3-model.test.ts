import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fetchS3Model } from './s3-model.js';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const files: Record<string, string> = {
  'encoder.onnx': 'E'.repeat(5000),
  'decoder.onnx': 'D',
  'tokenizer.json': '{}',
};
const manifest = JSON.stringify({
  encoder: { file: 'encoder.onnx' },
  decoder: { file: 'decoder.onnx' },
  tokenizer: { file: 'tokenizer.json' },
  sha256: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, digest(text)])),
});

let server: Server;
let folder: string;
let objects: Record<string, string>;
let asked: string[];

/** As much of S3 as a download needs: `GET /bucket/key`, and XML for what is not there. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-s3-'));
  asked = [];
  objects = Object.fromEntries(
    Object.entries({ ...files, 'manifest.json': manifest }).map(([name, text]) => [
      `/models/nice/one/${name}`,
      text,
    ]),
  );
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://x').pathname;
    asked.push(path);
    const object = objects[path];
    if (object === undefined) {
      response.writeHead(404, { 'content-type': 'application/xml' });
      response.end(
        '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>No.</Message></Error>',
      );
    } else response.end(object);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'example');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example');
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
});

afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const ADDRESS = 's3://models/nice/one/';
/** The bucket in the path: a name in front of a number is no host. */
const get = (address = ADDRESS, sha256?: string) =>
  fetchS3Model(address, { folder, pathStyle: true, ...(sha256 && { sha256 }) });

it('downloads a model, once', async () => {
  const path = await get();
  expect(readdirSync(path).sort()).toEqual([
    'decoder.onnx',
    'encoder.onnx',
    'manifest.json',
    'tokenizer.json',
  ]);
  expect(readFileSync(join(path, 'encoder.onnx'), 'utf8')).toBe(files['encoder.onnx']);
  asked = [];
  expect(await get(ADDRESS, digest(manifest).toUpperCase())).toBe(path);
  expect(asked).toEqual(['/models/nice/one/manifest.json']);
});

it('downloads all networks of a model that takes a prompt, in the folder that they are in', async () => {
  const names = ['vision_encoder', 'embed_tokens', 'encoder_model', 'decoder_model_merged'];
  const networks = names.map((name) => `onnx/${name}_quantized.onnx`);
  const [encoder, embedding, textEncoder, decoder] = networks.map((file) => ({ file }));
  const text = (name: string) => `the bytes of ${name}`;
  const all = [...networks, 'tokenizer.json', 'tokenizer_config.json'];
  objects = Object.fromEntries(all.map((name) => [`/models/nice/one/${name}`, text(name)]));
  objects['/models/nice/one/manifest.json'] = JSON.stringify({
    encoder,
    embedding,
    textEncoder,
    decoder,
    tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json' },
    sha256: Object.fromEntries(all.map((name) => [name, digest(text(name))])),
  });
  const path = await get();
  for (const name of all) expect(readFileSync(join(path, name), 'utf8')).toBe(text(name));
  asked = [];
  expect(await get()).toBe(path);
  expect(asked).toEqual(['/models/nice/one/manifest.json']);
});

it('checks a folder that is there from before, and uses none that is not sound', async () => {
  const path = await get();
  const plant = (change: () => void) => {
    rmSync(path, { recursive: true });
    mkdirSync(path, { mode: 0o700 });
    for (const [name, text] of Object.entries({ ...files, 'manifest.json': manifest })) {
      writeFileSync(join(path, name), text, { mode: 0o600 });
    }
    change();
  };
  plant(() => undefined);
  expect(await get(ADDRESS, digest(manifest))).toBe(path);
  for (const change of [
    () => writeFileSync(join(path, 'encoder.onnx'), 'planted'),
    () => writeFileSync(join(path, 'manifest.json'), '{}'),
    () => rmSync(join(path, 'decoder.onnx')),
    () => chmodSync(join(path, 'encoder.onnx'), 0o666),
    () => chmodSync(path, 0o777),
    () => {
      renameSync(join(path, 'encoder.onnx'), join(folder, 'elsewhere'));
      symlinkSync(join(folder, 'elsewhere'), join(path, 'encoder.onnx'));
    },
  ]) {
    plant(change);
    const used = await get(ADDRESS, digest(manifest));
    expect(used).not.toBe(path);
    for (const [name, text] of Object.entries({ ...files, 'manifest.json': manifest })) {
      expect(readFileSync(join(used, name), 'utf8')).toBe(text);
    }
  }
});

it('loads at the same time as others', async () => {
  const paths = await Promise.all([get(), get(), get()]);
  for (const path of paths) expect(readFileSync(join(path, 'decoder.onnx'), 'utf8')).toBe('D');
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
});

it('refuses a file that is not the one of the manifest, and keeps nothing of it', async () => {
  objects['/models/nice/one/decoder.onnx'] = 'X';
  await expect(get()).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  expect(readdirSync(folder)).toEqual([]);
});

it('refuses a manifest that is not the wanted one', async () => {
  await expect(get(ADDRESS, digest('another'))).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
});

it('refuses a manifest without digests, or that names files elsewhere', async () => {
  const parsed = JSON.parse(manifest);
  for (const bad of [
    { ...parsed, sha256: {} },
    { ...parsed, encoder: { file: '../encoder.onnx' } },
    { ...parsed, tokenizer: {} },
  ]) {
    objects['/models/nice/one/manifest.json'] = JSON.stringify(bad);
    await expect(get()).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  }
});

it('says what is missing', async () => {
  delete objects['/models/nice/one/tokenizer.json'];
  await expect(get()).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    message: expect.stringContaining('tokenizer.json'),
  });
  await expect(get('s3://')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
});

it('makes sure of room before it writes', async () => {
  const parsed = JSON.parse(manifest);
  objects['/models/nice/one/manifest.json'] = JSON.stringify(parsed);
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const path = new URL(request.url ?? '', 'http://x').pathname;
    if (path.endsWith('.json')) response.end(objects[path]);
    else response.writeHead(200, { 'content-length': 2 ** 50 }).flushHeaders();
  });
  await expect(get()).rejects.toMatchObject({ message: expect.stringContaining('room') });
  expect(readdirSync(folder)).toEqual([]);
});
