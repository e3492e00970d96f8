import type { Backend } from '../backend.js';
import type { LoadOptions } from '../types.js';
import {
  type Answer,
  type Made,
  type PhotoRequest,
  type Request,
  toPlainError,
} from './protocol.js';

/**
 * A worker's side: loads a model as the first request says, then captions or embeds what it is sent.
 *
 * @param post   sends an answer to the pool
 * @param load   `loadPipeline`
 * @returns the handler of each request
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

  async function work(request: PhotoRequest): Promise<void> {
    const { id } = request;
    const controller = new AbortController();
    current = { id, controller };
    try {
      const backend = await loading;
      if (!backend) return;
      post(await make(backend, request, controller.signal));
    } catch (error) {
      post({ kind: 'failed', id, error: toPlainError(error) });
    } finally {
      current = undefined;
    }
  }

  async function make(backend: Backend, request: PhotoRequest, signal: AbortSignal): Promise<Made> {
    const { id, input } = request;
    if (request.kind === 'embed') {
      const features = await backend.embed(input, { ...request.options, signal });
      return { kind: 'embedded', id, features };
    }
    const result = await backend.caption(input, {
      ...request.options,
      signal,
      ...(request.stream && { onToken: (_, token) => post({ kind: 'token', id, token }) }),
    });
    return { kind: 'captioned', id, result };
  }

  return async (request) => {
    if (request.kind === 'load') loading = loadFor(request.options);
    else if (request.kind !== 'abort') await work(request);
    else if (current?.id === request.id) current.controller.abort();
  };
}
