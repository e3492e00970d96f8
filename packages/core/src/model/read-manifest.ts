import type { ConfidenceModel, Manifest } from './manifest.js';
import { readPrompt } from './prompt.js';
import { readGeneration } from './read-generation.js';
import { readImageSpec } from './read-image-spec.js';
import { readDecoder, readEmbedding, readEncoder, readTextEncoder } from './read-networks.js';
import { fault, fileName, number, object, oneOf, optional, record, string } from './schema.js';

const FIELDS = [
  'format',
  'name',
  'version',
  'description',
  'license',
  'task',
  'image',
  'encoder',
  'prompt',
  'embedding',
  'textEncoder',
  'decoder',
  'tokenizer',
  'generation',
  'confidence',
  'metrics',
  'sha256',
];

/**
 * A manifest from parsed JSON. Every field is checked, unknown ones are refused, absent optional
 * ones get their defaults.
 *
 * @throws CaptionError `MODEL_INVALID` naming the field and what it must be
 */
export function readManifest(json: unknown): Manifest {
  const m = object(json, 'manifest', FIELDS);
  const encoder = readEncoder(m.encoder);
  const generation = readGeneration(m.generation);
  for (const key of ['tagWeight', 'tagRepeatPenalty'] as const) {
    if (generation[key] > 0 && !encoder.tags) {
      fault(`generation.${key}`, '0 where encoder.tags is not given', generation[key]);
    }
  }
  if (generation.tagBias > 0 && encoder.tags?.bias === undefined) {
    fault('generation.tagBias', '0 where encoder.tags.bias is not given', generation.tagBias);
  }
  return {
    format: oneOf(m.format, 'format', [1]),
    name: string(m.name, 'name'),
    version: string(m.version, 'version'),
    license: string(m.license, 'license'),
    task: oneOf(m.task, 'task', ['image-to-text']),
    image: readImageSpec(m.image),
    encoder,
    ...optional(m, '', 'prompt', readPrompt),
    ...optional(m, '', 'embedding', readEmbedding),
    ...optional(m, '', 'textEncoder', readTextEncoder),
    decoder: readDecoder(m.decoder),
    tokenizer: readTokenizer(m.tokenizer),
    generation,
    ...optional(m, '', 'confidence', readConfidence),
    ...optional(m, '', 'metrics', readMetrics),
    sha256: record(m.sha256 ?? {}, 'sha256', string),
  };
}

function readTokenizer(json: unknown): Manifest['tokenizer'] {
  const tokenizer = object(json, 'tokenizer', ['file', 'config']);
  return {
    file: fileName(tokenizer.file, 'tokenizer.file'),
    ...optional(tokenizer, 'tokenizer', 'config', fileName),
  };
}

function readConfidence(json: unknown, path: string): ConfidenceModel {
  const keys = ['intercept', 'meanLogProb', 'minLogProb', 'length'] as const;
  const confidence = object(json, path, keys);
  const weight = (key: (typeof keys)[number]) =>
    number(confidence[key] ?? 0, `${path}.${key}`, { min: -1e3, max: 1e3 });
  return {
    intercept: weight('intercept'),
    meanLogProb: weight('meanLogProb'),
    minLogProb: weight('minLogProb'),
    length: weight('length'),
  };
}

function readMetrics(json: unknown, path: string): NonNullable<Manifest['metrics']> {
  const metric = (value: unknown, at: string) => number(value, at, { min: -1e9, max: 1e9 });
  return record(json, path, (dataSet, at) => record(dataSet, at, metric));
}
