import { VERSION } from 'zipcaption';
import { type ProblemCode, statusOf } from './problem.js';
import { decodeModes, MAX_PROMPT, optionRanges } from './request-options.js';
import type { Settings } from './settings.js';

/**
 * The API as an OpenAPI 3.1 document.
 *
 * @param mount the path under which the API stands: `/live`, or empty
 */
export function openApiDocument(settings: Settings, mount: string): object {
  const withKey = settings.apiKeys.length > 0;
  return {
    openapi: '3.1.0',
    info: {
      title: 'zipcaption',
      version: VERSION,
      summary: 'A photo into a sentence.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to where the document came from: a shared cache must not hand on somebody's Host header.
    servers: [{ url: mount === '' ? '/' : mount }],
    tags: [{ name: 'captions' }, { name: 'service' }],
    paths: {
      '/caption': { post: captionOperation(settings, withKey) },
      '/health': {
        get: {
          operationId: 'health',
          tags: ['service'],
          summary: 'Is the model loaded? Loads it if need be.',
          security: [],
          responses: {
            200: answer('The service is ready.', { 'application/json': { schema: ref('Health') } }),
            ...failures(['INTERNAL']),
          },
        },
      },
      '/livez': { get: probe('livez', 'Does the process answer?', []) },
      '/readyz': {
        get: probe('readyz', 'Is the model loaded, and may photos be sent here?', ['NOT_READY']),
      },
      '/': {
        get: {
          operationId: 'page',
          tags: ['service'],
          summary: 'A page to try the service with.',
          security: [],
          responses: { 200: answer('The page.', { 'text/html': { schema: { type: 'string' } } }) },
        },
      },
      '/openapi.json': {
        get: {
          operationId: 'openapi',
          tags: ['service'],
          summary: 'This document.',
          security: [],
          responses: {
            200: answer('This document.', { 'application/json': { schema: { type: 'object' } } }),
          },
        },
      },
    },
    components: {
      schemas,
      ...(withKey && {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        },
      }),
    },
  };
}

function probe(operationId: string, summary: string, codes: readonly ProblemCode[]): object {
  const schema = { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } };
  return {
    ...{ operationId, tags: ['service'], summary, security: [] },
    responses: { 200: answer('Yes.', { 'application/json': { schema } }), ...failures(codes) },
  };
}

function captionOperation({ maxBytes, maxPhotos }: Settings, withKey: boolean): object {
  const limit = `At most ${maxBytes} bytes`;
  return {
    operationId: 'caption',
    tags: ['captions'],
    summary: 'Captions a photo.',
    description:
      'An empty body loads the model and answers 204: a way to warm the service up. The same photo with the same options has the same ETag.',
    security: withKey ? [{ bearer: [] }, { apiKey: [] }] : [],
    parameters: [
      ...Object.keys(optionSchemas).map((name) => ({
        ...{ name, in: 'query', required: false },
        schema: ref(`Option_${name}`),
      })),
      { name: 'If-None-Match', in: 'header', required: false, schema: { type: 'string' } },
    ],
    requestBody: {
      required: false,
      content: {
        'image/*': { schema: { description: `The photo's bytes. ${limit}.` } },
        'application/octet-stream': { schema: { description: `The photo's bytes. ${limit}.` } },
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: {
              image: {
                description: `One photo, or up to ${maxPhotos} in parts of any name. ${limit} together.`,
                type: 'array',
                items: { type: 'string', contentMediaType: 'application/octet-stream' },
              },
              ...optionReferences(),
            },
          },
        },
        'application/json': {
          schema: {
            type: 'object',
            required: ['image'],
            additionalProperties: false,
            properties: {
              image: { type: 'string', description: `Base64 or a data: URL. ${limit} of photo.` },
              ...optionReferences(),
            },
          },
        },
      },
    },
    responses: {
      200: {
        ...answer('The caption; for a form with several files a list of them.', {
          'application/json': { schema: { oneOf: [ref('Caption'), ref('Captions')] } },
          'text/plain': { schema: { type: 'string', description: 'The sentence alone.' } },
          'text/event-stream': {
            schema: {
              type: 'string',
              description:
                'Events "token" ({"text"}) with each piece of text, then "result" (a Caption) or "error" (a Problem).',
            },
          },
        }),
        headers: {
          ETag: { schema: { type: 'string' } },
          'Cache-Status': { schema: { type: 'string' } },
          'Server-Timing': { schema: { type: 'string' } },
          'X-Request-Id': { schema: { type: 'string' } },
        },
      },
      204: { description: 'The body was empty: the model is loaded.' },
      304: { description: 'The caption named by If-None-Match is still valid.' },
      ...failures([
        'BAD_REQUEST',
        'REQUEST_TIMEOUT',
        ...(withKey ? (['UNAUTHORIZED'] as const) : []),
        'URL_NOT_ALLOWED',
        'IMAGE_TOO_LARGE',
        'UNSUPPORTED_FORMAT',
        'DECODE_FAILED',
        'BUSY',
        'INTERNAL',
        'OVERLOADED',
        'TIME_TOO_SHORT',
      ]),
    },
  };
}

const [leastBeams, mostBeams] = optionRanges.beams;
const [leastLength, mostLength] = optionRanges.maxLength;
const [leastCaptions, mostCaptions] = optionRanges.numCaptions;
const [leastTags, mostTags] = optionRanges.numTags;

const optionSchemas = {
  beams: {
    ...{ type: 'integer', minimum: leastBeams, maximum: mostBeams },
    description: 'Beams of the beam search; 1 is greedy search. Default: the model’s own.',
  },
  maxLength: {
    ...{ type: 'integer', minimum: leastLength, maximum: mostLength },
    description: 'Maximum number of tokens. Default: the model’s own.',
  },
  numCaptions: {
    ...{ type: 'integer', minimum: leastCaptions, maximum: mostCaptions, default: 1 },
    description: 'Captions returned, best first; at most "beams".',
  },
  numTags: {
    ...{ type: 'integer', minimum: leastTags, maximum: mostTags },
    description:
      'Tags returned, likeliest first. Default: at most 10, with a probability of at least 0.1. Models without tags take 0 only.',
  },
  attention: {
    ...{ type: 'boolean', default: false },
    description: 'Return for each word a map of where the model looked.',
  },
  prompt: {
    ...{ type: 'string', minLength: 1, maxLength: MAX_PROMPT },
    description:
      'Models that take one only: short (the default), detailed, long, or a text of your own.',
  },
  decode: {
    ...{ type: 'string', enum: decodeModes },
    description:
      'fast: large photos are averaged while they are decoded. exact: every pixel is decoded, which takes more time. Default: the model’s own.',
  },
} as const;

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
          ...{ type: 'array', items: number },
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
    ...{ type: 'object', additionalProperties: number },
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

const schemas = {
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
  Health: {
    type: 'object',
    required: ['status', 'model'],
    properties: { status: { const: 'ok' }, model: ref('Model') },
  },
  Problem: {
    ...{ type: 'object', description: 'RFC 9457 problem details.' },
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

function optionReferences(): object {
  return Object.fromEntries(
    Object.keys(optionSchemas).map((name) => [name, ref(`Option_${name}`)]),
  );
}

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function answer(description: string, content: object): object {
  return { description, content };
}

function failures(codes: readonly ProblemCode[]): object {
  return Object.fromEntries(
    codes.map((code) => [
      statusOf(code),
      answer(`Code ${code} or another of this status.`, {
        'application/problem+json': { schema: ref('Problem') },
      }),
    ]),
  );
}
