import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as s3 from '@aws-sdk/client-s3';
import { CaptionError } from 'zipcaption';
import { modelFiles } from './model-files.js';

export interface S3ModelOptions {
  /** Expected SHA-256 of `manifest.json`, in hex; it vouches for all other files. */
  readonly sha256?: string;
  /** Where the model is kept. Default: the temp folder, `/tmp` on Lambda. */
  readonly folder?: string;
  /** Name the bucket in the path instead of the host, as stores other than AWS's want it. */
  readonly pathStyle?: boolean;
}

/**
 * Downloads a model's folder from S3 and gives its path. Every file is compared with the SHA-256 in
 * the manifest, also when the folder is there from before, and room is made sure of before the first
 * byte is written. Any number of loads may run at the same time.
 *
 * @param address `s3://bucket/prefix`
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CORRUPT`, `NETWORK_FAILED`
 */
export async function fetchS3Model(address: string, options: S3ModelOptions = {}): Promise<string> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(address) ?? [];
  if (!bucket) {
    throw new CaptionError('MODEL_NOT_FOUND', `"${address}" must be s3://BUCKET/FOLDER.`);
  }
  const parent = options.folder ?? tmpdir();
  const sdk = loadSdk();
  const client = new sdk.S3Client({ forcePathStyle: options.pathStyle ?? false });
  const get = async (file: string) => {
    const key = prefix ? `${prefix}/${file}` : file;
    try {
      const answer = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
      return { body: answer.Body as Readable, size: answer.ContentLength ?? 0 };
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : '';
      const missing = name === 'NoSuchKey' || name === 'NoSuchBucket' || name === 'NotFound';
      throw new CaptionError(
        missing ? 'MODEL_NOT_FOUND' : 'NETWORK_FAILED',
        `Cannot get s3://${bucket}/${key} (${name}). Is it there, and may the function's role read it (s3:GetObject)?`,
        { cause },
      );
    }
  };
  try {
    const manifest = await readAll((await get('manifest.json')).body);
    const digest = sha256(manifest);
    if (options.sha256 && options.sha256.toLowerCase() !== digest)
      throw corrupt('manifest.json', address);
    // Named by content: a restarted sandbox finds its files.
    const folder = join(parent, `zipcaption-model-${digest.slice(0, 16)}`);
    const digests = digestsOf(manifest, address);
    const expected = new Map([...digests, ['manifest.json', digest]]);
    if (await isSound(folder, expected)) return folder;
    const objects = await Promise.all(
      [...digests].map(async ([file, expected]) => ({ file, expected, ...(await get(file)) })),
    );
    await refuseWithoutRoom(
      parent,
      objects.reduce((sum, { size }) => sum + size, 0),
    );
    const partial = await mkdtemp(join(parent, 'zipcaption-partial-'));
    try {
      await writeFile(join(partial, 'manifest.json'), manifest, { mode: 0o600 });
      await Promise.all(
        objects.map(({ file, expected, body }) =>
          save(body, join(partial, file), expected, address),
        ),
      );
      return await publish(partial, folder, expected);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  } finally {
    client.destroy();
  }
}

/** From the managed runtime, a layer or the zip; `require` looks into all three, `import` does not. */
function loadSdk(): typeof s3 {
  try {
    return createRequire(import.meta.url)('@aws-sdk/client-s3') as typeof s3;
  } catch (cause) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      'A model in S3 needs the package @aws-sdk/client-s3. Lambda’s managed runtimes have it; elsewhere install it.',
      { cause },
    );
  }
}

/** Every file of the model with the SHA-256 that it must have. */
function digestsOf(manifest: Uint8Array, address: string): Map<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(manifest));
  } catch (cause) {
    throw new CaptionError('MODEL_INVALID', `The manifest in ${address} is not JSON.`, { cause });
  }
  const digests = (json as { sha256?: Record<string, unknown> } | null)?.sha256 ?? {};
  return new Map(
    modelFiles(json, address).map((file) => {
      const digest = digests[file];
      if (typeof digest === 'string') return [file, digest];
      throw new CaptionError(
        'MODEL_INVALID',
        `The manifest in ${address} has no SHA-256 of ${file}, which is required for files from a network.`,
      );
    }),
  );
}

/**
 * Gives a finished folder its lasting name, which the next start looks for. If something stands there,
 * it is used if it is sound; otherwise the finished folder is used under the name that it has, which
 * nobody could guess.
 */
async function publish(
  finished: string,
  folder: string,
  expected: ReadonlyMap<string, string>,
): Promise<string> {
  try {
    await rename(finished, folder);
    return folder;
  } catch {
    if (!(await isSound(folder, expected))) return finished;
    await rm(finished, { recursive: true, force: true });
    return folder;
  }
}

/** Is there such a folder, ours and nobody else's, with the files that are expected and their bytes? */
async function isSound(folder: string, expected: ReadonlyMap<string, string>): Promise<boolean> {
  try {
    const files = [...expected.keys()].map((file) => join(folder, file));
    for (const path of new Set([folder, ...files.map((file) => dirname(file)), ...files])) {
      const { mode, uid } = await lstat(path);
      const isOurs = process.getuid === undefined || uid === process.getuid();
      // Writable by others, or a link to elsewhere: its bytes may change after they were checked.
      if (!isOurs || (mode & 0o022) !== 0 || (mode & 0o170000) === 0o120000) return false;
    }
    for (const [file, digest] of expected) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(join(folder, file)), hash);
      if (hash.digest('hex') !== digest.toLowerCase()) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function refuseWithoutRoom(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new CaptionError(
    'MODEL_NOT_FOUND',
    `The model has ${bytes} bytes, but ${folder} has room for ${bavail * bsize}. Give the function more ephemeral storage.`,
  );
}

async function save(
  body: Readable,
  path: string,
  expected: string,
  address: string,
): Promise<void> {
  const hash = createHash('sha256');
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await pipeline(body, counted, createWriteStream(path, { mode: 0o600 }));
  } catch (cause) {
    throw new CaptionError(
      'NETWORK_FAILED',
      `The download of ${basename(path)} from ${address} was interrupted.`,
      { cause },
    );
  }
  if (hash.digest('hex') !== expected.toLowerCase()) throw corrupt(basename(path), address);
}

function corrupt(file: string, address: string): CaptionError {
  return new CaptionError(
    'MODEL_CORRUPT',
    `${file} in ${address} does not have the expected SHA-256. Upload the model again, the manifest last.`,
  );
}

async function readAll(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
