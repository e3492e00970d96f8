import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CaptionError } from '../../errors.js';
import { familyOf } from '../../model/huggingface/architecture.js';
import type { Dtype } from '../../model/huggingface/dtype.js';
import type { Family } from '../../model/huggingface/families.js';
import { fieldsOf } from '../../model/huggingface/fields.js';
import { availableDtypes, findNetworks, type Networks } from '../../model/huggingface/layout.js';
import { parseJson } from '../../model/network-files.js';
import type { ModelSource } from '../../model/source.js';
import { folderOf, type PullRecord, writableCache, writeRecord } from './cache.js';
import {
  describeHubFile,
  type HubAccess,
  type HubFile,
  networkError,
  openHubFile,
} from './client.js';
import { digestOf, downloadFile, sizeOf, writing } from './download.js';
import { type HubId, hubIdText } from './hub-id.js';

export interface PullProgress {
  readonly file: string;
  readonly loaded: number;
  readonly total: number;
}

export interface PullRequest {
  readonly dtype?: Dtype;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Files that every model needs, besides its networks. */
const REQUIRED = ['config.json', 'tokenizer.json'] as const;
/** One of them says how a photo becomes pixels. */
const PREPROCESSING = ['preprocessor_config.json', 'processor_config.json'] as const;
const OPTIONAL = [
  'generation_config.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'chat_template.json',
  'README.md',
] as const;

/**
 * Downloads the files of a model that a captioner needs, and no others, into the cache. What is
 * there already and sound is not downloaded again.
 *
 * @returns the model's folder, and how many bytes came over the network
 * @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_UNSUPPORTED`, `MODEL_CORRUPT`, `NETWORK_FAILED`, `WRITE_FAILED`,
 *   `ABORTED`
 */
export async function pullModel(
  access: HubAccess,
  id: HubId,
  request: PullRequest = {},
): Promise<{ readonly folder: string; readonly record: PullRecord; readonly downloaded: number }> {
  const cache = await writableCache(request.env);
  if (!cache) {
    throw new CaptionError(
      'INVALID_OPTION',
      'No folder for models is writable: neither the cache folder nor the folder for temporary files. Set ZIPCAPTION_CACHE to a writable folder.',
    );
  }
  const files = await neededFiles(access, id, request);
  const folder = folderOf(cache, id);
  let downloaded = 0;
  for (const [file, described] of files.described) {
    const report = (loaded: number) =>
      request.onProgress?.({ file, loaded, total: described.bytes });
    if (await isThere(join(folder, file), described)) report(described.bytes);
    else {
      await downloadFile(access, id, file, described, folder, {
        onBytes: report,
        ...(request.signal && { signal: request.signal }),
      });
      downloaded += await sizeOf(join(folder, file));
    }
  }
  const record = await recordOf(id, files, folder);
  await writing(folder, () => writeRecord(folder, record));
  return { folder, record, downloaded };
}

interface NeededFiles {
  readonly dtype: Dtype;
  readonly described: ReadonlyMap<string, HubFile>;
}

async function neededFiles(
  access: HubAccess,
  id: HubId,
  { dtype, signal }: PullRequest,
): Promise<NeededFiles> {
  const described = new Map<string, HubFile>();
  const has = async (file: string) => {
    const found = described.get(file) ?? (await describeHubFile(access, id, file, signal));
    if (found) described.set(file, found);
    return found !== undefined;
  };
  for (const file of REQUIRED) {
    if (await has(file)) continue;
    throw new CaptionError('MODEL_NOT_FOUND', missing(file, id, access));
  }
  const { layout } = await familyOnHub(access, id, signal);
  const preprocessing = await Promise.all(PREPROCESSING.map(has));
  if (!preprocessing.includes(true)) {
    throw new CaptionError('MODEL_NOT_FOUND', missing(PREPROCESSING[0], id, access));
  }
  for (const file of OPTIONAL) await has(file);

  const source: ModelSource = {
    name: hubIdText(id),
    verify: true,
    has,
    size: async (file) => described.get(file)?.bytes ?? Number.NaN,
    read: () => Promise.reject(new Error('only asked what there is')),
  };
  const networks = await findNetworks(source, dtype, layout);
  const wanted = new Set<string>([
    ...REQUIRED,
    ...PREPROCESSING,
    ...OPTIONAL,
    ...filesOf(networks),
  ]);
  return {
    dtype: networks.dtype,
    described: new Map([...described].filter(([file]) => wanted.has(file))),
  };
}

/** Read before anything is downloaded: gigabytes of a model that cannot be run help nobody. */
async function familyOnHub(
  access: HubAccess,
  id: HubId,
  signal: AbortSignal | undefined,
): Promise<Family> {
  const response = await openHubFile(access, id, 'config.json', 0, signal);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw networkError(response.url, cause, signal);
  }
  const config = fieldsOf('config.json', parseJson(bytes, 'config.json'));
  return familyOf(config, `${hubIdText(id)} at ${access.endpoint.host}`);
}

function filesOf({ encoder, embedding, textEncoder, decoder, firstStep }: Networks): string[] {
  return [encoder, embedding, textEncoder, decoder, firstStep]
    .filter((network) => network !== undefined)
    .flatMap(({ file, data = [] }) => [file, ...data]);
}

function missing(file: string, id: HubId, { endpoint }: HubAccess): string {
  const model = hubIdText(id);
  const hint =
    file === 'tokenizer.json'
      ? ' It only has a slow tokenizer (no tokenizer.json); convert it with AutoTokenizer.from_pretrained(…).save_pretrained(…).'
      : ' Is it an image captioning model?';
  return `There is no ${file} in ${model} at ${endpoint.host}.${hint}`;
}

async function isThere(path: string, { bytes, etag }: HubFile): Promise<boolean> {
  if (!etag || (await sizeOf(path)) !== bytes) return false;
  if ((await digestOf(path, etag)) === etag) return true;
  await rm(path, { force: true });
  return false;
}

/** A folder keeps what was pulled of it before in other number formats. */
async function recordOf(
  id: HubId,
  { dtype, described }: NeededFiles,
  folder: string,
): Promise<PullRecord> {
  const there = await availableDtypes({
    name: folder,
    verify: false,
    has: async (file) => (await sizeOf(join(folder, file))) > 0,
    size: (file) => sizeOf(join(folder, file)),
    read: () => Promise.reject(new Error('only asked what there is')),
  });
  const commit = [...described.values()].find((file) => file.commit)?.commit;
  return {
    id: hubIdText(id),
    dtype: there.length > 0 ? there.join(', ') : dtype,
    ...(commit && { commit }),
    files: Object.fromEntries(
      [...described].map(([file, { bytes, etag }]) => [file, { bytes, ...(etag && { etag }) }]),
    ),
  };
}
