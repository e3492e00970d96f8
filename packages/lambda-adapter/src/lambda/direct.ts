import type { CaptionJson, EmbeddingJson } from '../http/answer.js';
import type { App, CallContext } from '../http/app.js';
import { imageNoText } from '../http/photo-json.js';
import { HttpError, type Problem } from '../http/problem.js';
import {
  captionOptionNames,
  type EmbedRequestOptions,
  embedOptionNames,
  type RequestOptions,
  readOptions,
} from '../http/request-options.js';

interface DirectPhoto {
  /** Base64 or a `data:` URL. */
  readonly image: string;
}

/**
 * A direct invocation, or a task of a state machine: the photo, and options as in the HTTP API. With
 * `embed: true` its feature vector is asked for instead of its caption.
 */
export type DirectEvent =
  | (DirectPhoto & RequestOptions & { readonly embed?: false })
  | (DirectPhoto & EmbedRequestOptions & { readonly embed: true });

export type DirectResult = (CaptionJson | EmbeddingJson) & { readonly requestId: string };

/**
 * A failed direct invocation. Lambda reports an error's name as its type, so a state machine can
 * retry or catch by code: `"ErrorEquals": ["DECODE_FAILED"]`.
 */
export class InvocationError extends Error {
  constructor({ code, detail }: Pick<Problem, 'code' | 'detail'>) {
    super(detail);
    this.name = code;
  }
}

export function isDirectEvent(event: unknown): event is DirectEvent {
  return typeof event === 'object' && event !== null && !Array.isArray(event) && 'image' in event;
}

/**
 * The event as a path of the HTTP API and the JSON for it, checked member by member before it is written:
 * what is nested without end cannot be written at all.
 */
function callOf(event: DirectEvent): { readonly path: string; readonly body: string } {
  const { embed = false, ...members } = event as unknown as Record<string, unknown>;
  if (typeof embed !== 'boolean') {
    throw new HttpError('INVALID_OPTION', 'The option "embed" must be true or false.');
  }
  for (const [name, value] of Object.entries(members)) {
    if (name === 'image') {
      if (typeof value !== 'string') throw imageNoText();
    } else if (embed) readOptions([[name, value]], embedOptionNames);
    else readOptions([[name, value]], captionOptionNames);
  }
  return { path: embed ? '/embed' : '/caption', body: JSON.stringify(members) };
}

/** @throws InvocationError with the code as its name */
export async function invokeDirectly(
  app: App,
  event: DirectEvent,
  context: CallContext,
): Promise<DirectResult> {
  let call: ReturnType<typeof callOf>;
  try {
    call = callOf(event);
  } catch (error) {
    if (error instanceof HttpError) {
      throw new InvocationError({ code: error.code, detail: error.message });
    }
    throw error;
  }
  const request = new Request(`https://lambda.invalid${app.settings.basePath}${call.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: call.body,
  });
  // Whoever may invoke the function has been let in by IAM.
  const response = await app.fetch(request, { ...context, trusted: true });
  const answer = (await response.json()) as unknown;
  if (!response.ok) throw new InvocationError(answer as Problem);
  return answer as DirectResult;
}
