import { MODEL_LIMITS } from '../limits.js';
import type {
  EmbeddingSpec,
  Manifest,
  NetworkPaths,
  StateTensor,
  TagsSpec,
  TextEncoderSpec,
} from './manifest.js';
import {
  array,
  boolean,
  fault,
  fileName,
  integer,
  object,
  oneOf,
  optional,
  record,
  string,
} from './schema.js';

const DECODER_FIELDS = [
  'file',
  'data',
  'firstStep',
  'cacheSwitch',
  'encoderRows',
  'feed',
  'tokens',
  'attentionMask',
  'positions',
  'logitsToKeep',
  'logits',
  'attention',
  'attentionGrid',
  'encoderInputs',
  'state',
];

/** @throws CaptionError `MODEL_INVALID` */
export function readEncoder(json: unknown): Manifest['encoder'] {
  const encoder = object(json, 'encoder', [
    'file',
    'data',
    'input',
    'mask',
    'shapes',
    'outputs',
    'tags',
    'features',
  ]);
  return {
    ...readPaths(encoder, 'encoder'),
    input: string(encoder.input, 'encoder.input'),
    ...optional(encoder, 'encoder', 'mask', string),
    ...optional(encoder, 'encoder', 'shapes', string),
    outputs: array(encoder.outputs, 'encoder.outputs', string),
    ...optional(encoder, 'encoder', 'tags', readTags),
    ...optional(encoder, 'encoder', 'features', string),
  };
}

function readTags(json: unknown, path: string): TagsSpec {
  const tags = object(json, path, ['output', 'tokens', 'forms', 'unweighted', 'bias']);
  const tokens = array(tags.tokens, `${path}.tokens`, unlisted());
  const ofTags = new Set(tokens);
  const inOneGroup = unlisted();
  const group = (value: unknown, at: string) => {
    const forms = array(value, at, inOneGroup);
    // A group without a tag, or of another model's tokens, would do nothing.
    if (!forms.some((token) => ofTags.has(token)))
      fault(at, 'tokens, one of a tag among them', value);
    return forms;
  };
  const once = unlisted();
  const tag = (value: unknown, at: string) => {
    const token = once(value, at);
    if (!ofTags.has(token)) fault(at, 'one of encoder.tags.tokens', token);
    return token;
  };
  return {
    output: string(tags.output, `${path}.output`),
    tokens,
    forms: array(tags.forms ?? [], `${path}.forms`, group),
    unweighted: array(tags.unweighted ?? [], `${path}.unweighted`, tag),
    ...optional(tags, path, 'bias', string),
  };
}

/** Reads tokens of a list, or of lists, in which none stands twice. */
function unlisted(): (value: unknown, path: string) => number {
  const seen = new Set<number>();
  return (value, path) => {
    const id = integer(value, path, MODEL_LIMITS.token);
    if (seen.has(id)) fault(path, 'a token that is not listed before', id);
    seen.add(id);
    return id;
  };
}

/** @throws CaptionError `MODEL_INVALID` */
export function readEmbedding(json: unknown, path: string): EmbeddingSpec {
  const embedding = object(json, path, ['file', 'data', 'input', 'output']);
  return {
    ...readPaths(embedding, path),
    input: string(embedding.input, `${path}.input`),
    output: string(embedding.output, `${path}.output`),
  };
}

/** @throws CaptionError `MODEL_INVALID` */
export function readTextEncoder(json: unknown, path: string): TextEncoderSpec {
  const encoder = object(json, path, ['file', 'data', 'input', 'mask', 'outputs']);
  return {
    ...readPaths(encoder, path),
    input: string(encoder.input, `${path}.input`),
    ...optional(encoder, path, 'mask', string),
    outputs: array(encoder.outputs, `${path}.outputs`, string),
  };
}

/** @throws CaptionError `MODEL_INVALID` */
export function readDecoder(json: unknown): Manifest['decoder'] {
  const decoder = object(json, 'decoder', DECODER_FIELDS);
  const { attention, encoderRows, feed } = decoder;
  return {
    ...readPaths(decoder, 'decoder'),
    ...optional(decoder, 'decoder', 'firstStep', readFirstStep),
    ...optional(decoder, 'decoder', 'cacheSwitch', string),
    encoderRows: oneOf(encoderRows ?? 'shared', 'decoder.encoderRows', [
      'shared',
      'repeated',
      'tried',
    ]),
    feed: oneOf(feed ?? 'last', 'decoder.feed', ['last', 'all']),
    tokens: string(decoder.tokens, 'decoder.tokens'),
    ...optional(decoder, 'decoder', 'attentionMask', string),
    ...optional(decoder, 'decoder', 'positions', string),
    ...optional(decoder, 'decoder', 'logitsToKeep', string),
    logits: string(decoder.logits, 'decoder.logits'),
    ...optional(decoder, 'decoder', 'attention', string),
    // The grid is required with attention, and ignored without.
    ...(attention !== undefined && { attentionGrid: readGrid(decoder.attentionGrid) }),
    encoderInputs: record(decoder.encoderInputs, 'decoder.encoderInputs', string),
    state: array(decoder.state, 'decoder.state', readState),
  };
}

function readFirstStep(json: unknown, path: string): NetworkPaths {
  return readPaths(object(json, path, ['file', 'data']), path);
}

function readGrid(json: unknown): readonly [number, number] {
  const side = (value: unknown, path: string) => integer(value, path, MODEL_LIMITS.side);
  return array(json, 'decoder.attentionGrid', side, 2) as [number, number];
}

function readState(json: unknown, path: string): StateTensor {
  const state = object(json, path, ['input', 'output', 'initial', 'from', 'fixed']);
  const extent = (value: unknown, at: string) => integer(value, at, { min: 0, max: 1_000_000 });
  return {
    input: string(state.input, `${path}.input`),
    output: string(state.output, `${path}.output`),
    initial: array(state.initial, `${path}.initial`, extent),
    ...optional(state, path, 'from', string),
    ...optional(state, path, 'fixed', boolean),
  };
}

/** A network's file, and the files of its weights. */
function readPaths(json: Readonly<Record<string, unknown>>, path: string): NetworkPaths {
  return {
    file: fileName(json.file, `${path}.file`),
    ...optional(json, path, 'data', (value, at) => array(value, at, fileName)),
  };
}
