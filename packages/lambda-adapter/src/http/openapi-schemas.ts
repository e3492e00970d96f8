import { decodeModes, MAX_PROMPT, type OptionName, optionRanges } from './request-options.js';

const [leastBeams, mostBeams] = optionRanges.beams;
const [leastLength, mostLength] = optionRanges.maxLength;
const [leastCaptions, mostCaptions] = optionRanges.numCaptions;
const [leastTags, mostTags] = optionRanges.numTags;

const optionSchemas = {
  beams: {
    type: 'integer',
    minimum: leastBeams,
    maximum: mostBeams,
    description: 'Beams of the beam search; 1 is greedy search. Default: the model’s own.',
  },
  maxLength: {
    type: 'integer',
    minimum: leastLength,
    maximum: mostLength,
    description: 'Maximum number of tokens. Default: the model’s own.',
  },
  numCaptions: {
    type: 'integer',
    minimum: leastCaptions,
    maximum: mostCaptions,
    default: 1,
    description: 'Captions returned, best first; at most "beams".',
  },
  numTags: {
    type: 'integer',
    minimum: leastTags,
    maximum: mostTags,
    description:
      'Tags returned, likeliest first. Default: at most 10, with a probability of at least 0.1. Models without tags take 0 only.',
  },
  attention: {
    type: 'boolean',
    default: false,
    description: 'Return for each word a map of where the model looked.',
  },
  prompt: {
    type: 'string',
    minLength: 1,
    maxLength: MAX_PROMPT,
    description:
      'Models that take one only: short (the default), detailed, long, or a text of your own.',
  },
  orientation: {
    type: 'boolean',
    default: true,
    description: 'Apply the photo’s EXIF orientation.',
  },
  decode: {
    type: 'string',
    enum: decodeModes,
    description:
      'fast: large photos are averaged while they are decoded. exact: every pixel is decoded, which takes more time. Default: the model’s own.',
  },
} as const satisfies Record<OptionName, object>;

const number = { type: 'number' };
const text = { type: 'string' };
const candidate = {
  caption: text,
  score: { ...number, description: 'Sum of log-probabilities over length^lengthPenalty.' },
  confidence: { ...number, minimum: 0, maximum: 1 },
};
const model = {
  type: 'object',
  required: ['name', 'version'],
  properties: {
    name: text,
    version: text,
    runtime: { ...text, description: 'The runtime that ran the model; in captions only.' },
  },
};
const captionProperties = {
  ...candidate,
  alternatives: {
    type: 'array',
    items: { type: 'object', required: Object.keys(candidate), properties: candidate },
  },
  attention: {
    type: ['array', 'null'],
    items: {
      type: 'object',
      required: ['word', 'rows', 'columns', 'values'],
      properties: {
        word: text,
        rows: { type: 'integer' },
        columns: { type: 'integer' },
        values: {
          type: 'array',
          items: number,
          description: 'Row-major from the top left, summing to 1.',
        },
      },
    },
  },
  tags: {
    type: ['array', 'null'],
    description: 'What is in the photo, likeliest first; null where the model gives no tags.',
    items: {
      type: 'object',
      required: ['text', 'probability'],
      properties: { text, probability: { ...number, minimum: 0, maximum: 1 } },
    },
  },
  timings: {
    type: 'object',
    additionalProperties: number,
    description: 'Milliseconds by stage: decode, preprocess, encode, search, detokenize, total.',
  },
  model: ref('Model'),
  image: {
    type: 'object',
    required: ['format', 'width', 'height', 'orientation'],
    properties: {
      format: text,
      width: { type: 'integer' },
      height: { type: 'integer' },
      orientation: { type: 'integer', minimum: 1, maximum: 8 },
    },
  },
  warnings: { type: 'array', items: text },
};

/** `components.schemas`. */
export const schemas = {
  ...Object.fromEntries(
    Object.entries(optionSchemas).map(([name, schema]) => [`Option_${name}`, schema]),
  ),
  Model: model,
  Caption: {
    type: 'object',
    required: [...Object.keys(captionProperties), 'requestId'],
    properties: { ...captionProperties, requestId: text },
  },
  Captions: {
    type: 'object',
    required: ['results', 'requestId'],
    properties: {
      requestId: text,
      results: {
        type: 'array',
        items: {
          oneOf: [
            {
              type: 'object',
              required: ['name', ...Object.keys(captionProperties)],
              properties: { name: text, ...captionProperties },
            },
            {
              type: 'object',
              required: ['name', 'error'],
              properties: { name: text, error: ref('Problem') },
            },
          ],
        },
      },
    },
  },
  Embedding: {
    type: 'object',
    required: ['embedding', 'model', 'requestId'],
    properties: {
      embedding: {
        type: 'array',
        items: number,
        description:
          'The model’s features with the norm 1: 1,280 numbers for the embedded model. Comparable with vectors of the same model and version only.',
      },
      model: ref('Model'),
      requestId: text,
    },
  },
  Health: {
    type: 'object',
    required: ['status', 'model'],
    properties: { status: { const: 'ok' }, model: ref('Model') },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457 problem details.',
    required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
    properties: {
      type: { type: 'string', format: 'uri-reference' },
      title: text,
      status: { type: 'integer' },
      detail: text,
      code: { ...text, description: 'A stable word that programs may test.' },
      requestId: text,
      limit: { ...number, description: 'With status 413: the limit that was exceeded.' },
    },
  },
};

/** A reference to one of the schemas. */
export function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}
