import type { CaptionJson } from '../http/answer.js';
import type { App, CallContext } from '../http/app.js';
import { HttpError, type Problem } from '../http/problem.js';
import { readOptions } from '../http/request-options.js';

/** A direct invocation, or a task of a state machine: the photo, and options as in the HTTP API. */
export interface DirectEvent {
  /** Base64 or a `data:` URL. */
  readonly image: string;
  readonly beams?: number;
  readonly maxLength?: number;
  readonly numCaptions?: number;
  readonly numTags?: number;
  readonly attention?: boolean;
  readonly prompt?: string;
  readonly decode?: 'fast' | 'exact';
}

export type DirectResult = CaptionJson & { readonly requestId: string };

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
 * The event as the HTTP API's JSON, checked member by member before it is written: what is nested
 * without end cannot be written at all.
 */
function jsonOf(event: DirectEvent): string {
  const members = Object.entries(event as unknown as Record<string, unknown>);
  for (const [name, value] of members) {
    if (name === 'image') {
      if (typeof value !== 'string') {
        throw new InvocationError({
          code: 'INVALID_INPUT',
          detail: 'The "image" must be a text: base64, or a data: URL.',
        });
      }
    } else readOptions([[name, value]]);
  }
  return JSON.stringify(Object.fromEntries(members));
}

/** @throws InvocationError with the code as its name */
export async function invokeDirectly(
  app: App,
  event: DirectEvent,
  context: CallContext,
): Promise<DirectResult> {
  let body: string;
  try {
    body = jsonOf(event);
  } catch (error) {
    if (error instanceof HttpError) {
      throw new InvocationError({ code: error.code, detail: error.message });
    }
    throw error;
  }
  const request = new Request(`https://lambda.invalid${app.settings.basePath}/caption`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  // Whoever may invoke the function has been let in by IAM.
  const response = await app.fetch(request, { ...context, trusted: true });
  const answer = (await response.json()) as unknown;
  if (!response.ok) throw new InvocationError(answer as Problem);
  return answer as DirectResult;
}
