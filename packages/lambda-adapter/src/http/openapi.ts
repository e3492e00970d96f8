import { VERSION } from 'zipcaption';
import { ref, schemas } from './openapi-schemas.js';
import type { Path } from './paths.js';
import { type ProblemCode, statusOf } from './problem.js';
import { captionOptionNames, embedOptionNames, type OptionName } from './request-options.js';
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
    tags: [{ name: 'captions' }, { name: 'embeddings' }, { name: 'service' }],
    paths: {
      '/caption': { post: captionOperation(settings, withKey) },
      '/embed': { post: embedOperation(settings, withKey) },
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
    } satisfies Partial<Record<Path, object>>,
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
    operationId,
    tags: ['service'],
    summary,
    security: [],
    responses: { 200: answer('Yes.', { 'application/json': { schema } }), ...failures(codes) },
  };
}

function captionOperation(settings: Settings, withKey: boolean): object {
  return {
    operationId: 'caption',
    tags: ['captions'],
    summary: 'Captions a photo.',
    description: `${warmUp} The same photo with the same options has the same ETag.`,
    ...photoRequest(captionOptionNames, settings.maxPhotos, settings, withKey),
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
        headers: { ...answerHeaders, 'Server-Timing': { schema: { type: 'string' } } },
      },
      204: { description: 'The body was empty: the model is loaded.' },
      304: { description: 'The caption named by If-None-Match is still valid.' },
      ...failures(photoFailures(withKey)),
    },
  };
}

function embedOperation(settings: Settings, withKey: boolean): object {
  return {
    operationId: 'embed',
    tags: ['embeddings'],
    summary: 'The feature vector of a photo, for finding similar photos.',
    description: `The dot product of two vectors is their cosine similarity. ${warmUp}`,
    ...photoRequest(embedOptionNames, 1, settings, withKey),
    responses: {
      200: {
        ...answer('The vector.', { 'application/json': { schema: ref('Embedding') } }),
        headers: answerHeaders,
      },
      204: { description: 'The body was empty: the model is loaded.' },
      304: { description: 'The vector named by If-None-Match is still valid.' },
      ...failures([...photoFailures(withKey), 'MODEL_UNSUPPORTED']),
    },
  };
}

const warmUp = 'An empty body loads the model and answers 204: a way to warm the service up.';

const answerHeaders = {
  ETag: { schema: { type: 'string' } },
  'Cache-Status': { schema: { type: 'string' } },
  'X-Request-Id': { schema: { type: 'string' } },
};

/** What an operation is sent: options, and photos in one of three ways. */
function photoRequest(
  names: readonly OptionName[],
  maxPhotos: number,
  { maxBytes }: Settings,
  withKey: boolean,
): object {
  const limit = `At most ${maxBytes} bytes`;
  const one = `One photo, in a part of any name. ${limit}.`;
  const several = `One photo, or up to ${maxPhotos} in parts of any name. ${limit} together.`;
  const options = Object.fromEntries(names.map((name) => [name, ref(`Option_${name}`)]));
  return {
    security: withKey ? [{ bearer: [] }, { apiKey: [] }] : [],
    parameters: [
      ...Object.entries(options).map(([name, schema]) => ({
        name,
        schema,
        in: 'query',
        required: false,
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
                description: maxPhotos === 1 ? one : several,
                type: 'array',
                maxItems: maxPhotos,
                items: { type: 'string', contentMediaType: 'application/octet-stream' },
              },
              ...options,
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
              ...options,
            },
          },
        },
      },
    },
  };
}

function photoFailures(withKey: boolean): readonly ProblemCode[] {
  return [
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
  ];
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
