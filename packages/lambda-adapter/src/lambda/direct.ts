import type { CaptionJson } from '../http/answer.js';
import type { App, CallContext } from '../http/app.js';
import type { Problem } from '../http/problem.js';

/** A direct invocation, or a task of a state machine: the photo, and options as in the HTTP API. */
export interface DirectEvent {
  /** Base64 or a `data:` URL. */
  readonly image: string;
  readonly beams?: number;
  readonly maxLength?: number;
  readonly numCaptions?: number;
  readonly attention?: boolean;
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
  return typeof event === 'object' && event !== null && 'image' in event;
}

/** @throws InvocationError with the code as its name */
export async function invokeDirectly(
  app: App,
  event: DirectEvent,
  context: CallContext,
): Promise<DirectResult> {
  const request = new Request(`https://lambda.invalid${app.settings.basePath}/caption`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(event),
  });
  // Whoever may invoke the function has been let in by IAM.
  const response = await app.fetch(request, { ...context, trusted: true });
  const answer = (await response.json()) as unknown;
  if (!response.ok) throw new InvocationError(answer as Problem);
  return answer as DirectResult;
}
