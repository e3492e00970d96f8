import { CaptionError } from '../../index.js';
import type { Fields } from '../../model/huggingface/fields.js';
import { availableDtypes, findNetworks } from '../../model/huggingface/layout.js';
import { readHuggingFaceFolder } from '../../model/huggingface/manifest.js';
import type { Manifest } from '../../model/manifest.js';
import { parseJson } from '../../model/network-files.js';
import { readManifest } from '../../model/read-manifest.js';
import type { ModelSource } from '../../model/source.js';

/** What can be said of a folder without loading its networks. */
export interface FolderDescription {
  readonly name: string;
  readonly format: 'zipcaption' | 'hugging-face';
  readonly version: string;
  readonly license: string;
  /** Hugging Face: kinds of encoder and decoder, "vit" and "gpt2", or the family, "florence2". */
  readonly architecture?: string;
  /** Hugging Face: number formats that are complete, and the one that is taken by default. */
  readonly dtypes?: readonly string[];
  readonly image: string;
  readonly search: string;
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
  /** Files that the model needs and that are not there. */
  readonly missing: readonly string[];
}

/** @throws CaptionError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_UNSUPPORTED` */
export async function describeFolder(source: ModelSource): Promise<FolderDescription> {
  if (await source.has('manifest.json')) {
    const manifest = readManifest(parseJson(await source.read('manifest.json'), 'manifest.json'));
    return { ...common(manifest, 'zipcaption'), ...(await files(source, manifest)) };
  }
  if (!(await source.has('config.json'))) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      `${source.name} is not a model: it has neither a manifest.json nor a config.json.`,
    );
  }
  const { draft, config, family } = await readHuggingFaceFolder(source, undefined, {});
  const dtypes = await availableDtypes(source, family.layout);
  const { firstStep } = await findNetworks(source, undefined, family.layout);
  return {
    ...common(draft, 'hugging-face'),
    license: (await licenceOfCard(source)) ?? 'unknown: see the model card',
    architecture: architectureOf(config, draft),
    dtypes,
    ...(await files(source, draft, firstStep ? [firstStep.file, ...(firstStep.data ?? [])] : [])),
  };
}

function architectureOf(config: Fields, { prompt }: Manifest): string {
  const kind = (part: string) => config.object(part)?.text('model_type') ?? '?';
  if (!prompt) return `${kind('encoder')} encoder, ${kind('decoder')} decoder`;
  const tasks = Object.keys(prompt.tasks).filter((name) => !name.startsWith('<'));
  return `${config.text('model_type')}, takes a prompt (${tasks.join(', ')} or a text)`;
}

function common(manifest: Manifest, format: FolderDescription['format']) {
  const { resample } = manifest.image;
  const { numBeams, maxLength, lengthPenalty } = manifest.generation;
  const tasks = Object.entries(manifest.prompt?.tasks ?? {}).filter(([name]) => /^\w+$/.test(name));
  const lengths = manifest.prompt
    ? tasks.map(([name, task]) => `${task.maxLength ?? maxLength} (${name})`).join(', ')
    : maxLength;
  return {
    name: manifest.name,
    version: manifest.version,
    license: manifest.license,
    format,
    image: `${sizes(manifest.image)}, ${resample}`,
    search: `${numBeams === 1 ? 'greedy' : `${numBeams} beams, length penalty ${lengthPenalty}`}, at most ${lengths} tokens`,
  };
}

function sizes({ width, height, fit, tiles, patches }: Manifest['image']): string {
  const size = `${width}×${height}`;
  if (!patches) return `${size}, ${tiles ? `tiles of a photo of ${tiles.longestEdge}` : fit}`;
  return `patches of ${patches.side} pixels${patches.split ? `, tiles of ${size}` : ''}`;
}

async function files(source: ModelSource, manifest: Manifest, further: readonly string[] = []) {
  const { encoder, embedding, textEncoder, decoder, tokenizer } = manifest;
  const networks = [encoder, embedding, textEncoder, decoder, decoder.firstStep];
  const wanted = [
    ...networks.flatMap((network) => (network ? [network.file, ...(network.data ?? [])] : [])),
    ...further,
    tokenizer.file,
    ...(tokenizer.config ? [tokenizer.config] : []),
  ];
  const sized = await Promise.all(
    [...new Set(wanted)].map(async (file) => ({ file, bytes: await source.size(file) })),
  );
  return {
    files: sized.filter(({ bytes }) => !Number.isNaN(bytes)),
    missing: sized.filter(({ bytes }) => Number.isNaN(bytes)).map(({ file }) => file),
  };
}

/** `license:` in the YAML block that a model card starts with. */
async function licenceOfCard(source: ModelSource): Promise<string | undefined> {
  if (!(await source.has('README.md'))) return undefined;
  const card = new TextDecoder().decode(await source.read('README.md'));
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? '';
  return /^license:\s*["']?([^"'\r\n]+?)["']?\s*$/m.exec(front)?.[1];
}
