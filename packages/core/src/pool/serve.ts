import type { Backend } from '../backend.js';
import type { LoadOptions } from '../types.js';
import { type Answer, type Request, toPlainError } from './protocol.js';

/**
 * A worker's side: loads a model as the first request says, then captions what it is sent.
 *
 * @param post   sends an answer to the pool
 * @param load   `loadPipeline`
 * @returns what to do with each request
 */
export function serveCaptioner(
  post: (answer: Answer) => void,
  load: (options: LoadOptions) => Promise<Backend>,
): (request: Request) => Promise<void> {
  let loading: Promise<Backend | undefined> = Promise.resolve(undefined);
  let current: { readonly id: number; readonly controller: AbortController } | undefined;

  async function loadFor(options: LoadOptions): Promise<Backend | undefined> {
    try {
      const onProgress = (progress: Parameters<NonNullable<LoadOptions['onProgress']>>[0]) =>
        post({ kind: 'progress', progress });
      const backend = await load({ ...options, onProgress });
      post({ kind: 'loaded', manifest: backend.manifest });
      return backend;
    } catch (error) {
      post({ kind: 'load-failed', error: toPlainError(error) });
      return undefined;
    }
  }

  async function caption(request: Extract<Request, { kind: 'caption' }>): Promise<void> {
    const { id, input, options, stream } = request;
    const controller = new AbortController();
    current = { id, controller };
    try {
      const backend = await loading;
      if (!backend) return;
      const result = await backend.caption(input, {
        ...options,
        signal: controller.signal,
        ...(stream && { onToken: (_, token) => post({ kind: 'token', id, token }) }),
      });
      post({ kind: 'captioned', id, result });
    } catch (error) {
      post({ kind: 'failed', id, error: toPlainError(error) });
    } finally {
      current = undefined;
    }
  }

  return async (request) => {
    if (request.kind === 'load') loading = loadFor(request.options);
    else if (request.kind === 'caption') await caption(request);
    else if (current?.id === request.id) current.controller.abort();
  };
}
