import type { App, CallContext } from '../http/app.js';
import { HttpError, problemResponse } from '../http/problem.js';
import type { RequestRecord } from '../http/request-record.js';
import type { LambdaContext } from './context.js';
import { InvocationError, invokeDirectly, isDirectEvent } from './direct.js';
import { describeEvent } from './event-kind.js';
import { type HttpEvent, recogniseHttpEvent, toRequest } from './http-events.js';
import { toResult } from './http-results.js';
import { isWarmPing } from './warm-ping.js';

/** Told about every request when it is over. */
export type Observe = (record: RequestRecord, context: LambdaContext) => void;

export type Handler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** The answer to a ping; the work was done when the function started. */
export const WARM = { warm: true } as const;

/**
 * A Lambda handler that takes every event known here: HTTP through API Gateway (both kinds), a
 * Function URL, a load balancer or VPC Lattice, direct invocations and tasks of state machines, and pings.
 *
 * @example
 * export const handler = createHandler(createApp({ engine: () => loadCaptioner() }));
 */
export function createHandler(app: App, observe?: Observe): Handler {
  return async (event, context) => {
    if (isWarmPing(event)) return WARM;
    const call = callContext(context, observe);
    const http = recogniseHttpEvent(event);
    if (http) return toResult(await answerHttp(app, http, call), http);
    if (isDirectEvent(event)) return invokeDirectly(app, event, call);
    throw unknownEvent(event);
  };
}

export function callContext(context: LambdaContext, observe?: Observe): CallContext {
  return {
    requestId: context.awsRequestId,
    timeLeft: context.getRemainingTimeInMillis(),
    ...(observe && { observe: (record: RequestRecord) => observe(record, context) }),
  };
}

export async function answerHttp(app: App, event: HttpEvent, call: CallContext): Promise<Response> {
  try {
    const { request, mount, client } = toRequest(event);
    return await app.fetch(request, { ...call, mount, client });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { requestId = '' } = call;
    const response = problemResponse(error, requestId);
    const { status } = response;
    call.observe?.({ requestId, method: '', path: '', status, duration: 0, error });
    return response;
  }
}

export function unknownEvent(event: unknown): InvocationError {
  return new InvocationError({
    code: 'INVALID_INPUT',
    detail: `The event is ${describeEvent(event)}. Supported are events of API Gateway (REST, HTTP), Function URLs, load balancers and VPC Lattice, { "image": "<base64>" } and { "warm": true }.`,
  });
}
