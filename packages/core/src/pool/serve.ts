import type { Captioner } from '../captioner.js';
import type { LoadOptions } from '../types.js';
import { type Answer, type Request, toPlainError } from './protocol.js';

/**
 * A worker's side: loads a captioner as the first request says, then captions what it is sent.
 *
 * @param post   sends an answer to the pool
 * @param load   `loadCaptioner`
 * @returns what to do with each request
 */
export function serveCaptioner(
  post: (answer: Answer) => void,
  load: (options: LoadOptions) => Promise<Captioner>,
): (request: Request) => Promise<void> {
  let loading: Promise<Captioner | undefined> = Promise.resolve(undefined);
  let current: { readonly id: number; readonly controller: AbortController } | undefined;

  async function loadFor(options: LoadOptions): Promise<Captioner | undefined> {
    try {
      const onProgress = (progress: Parameters<NonNullable<LoadOptions['onProgress']>>[0]) =>
        post({ kind: 'progress', progress });
      const captioner = await load({ ...options, onProgress });
      post({ kind: 'loaded', manifest: captioner.model });
      return captioner;
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
      const captioner = await loading;
      if (!captioner) return;
      const result = await captioner.caption(input, {
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
