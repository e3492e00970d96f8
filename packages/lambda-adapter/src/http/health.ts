import type { Load } from './caption-service.js';
import type { Engine } from './engine.js';
import { HttpError } from './problem.js';

const noStore = { 'cache-control': 'no-store' };

/** `GET /health`: the model is loaded. */
export function health({ model: { name, version } }: Engine): Response {
  return Response.json({ status: 'ok', model: { name, version } }, { headers: noStore });
}

/** `GET /livez`: the process answers. */
export function alive(): Response {
  return Response.json({ status: 'ok' }, { headers: noStore });
}

/**
 * `GET /readyz`: may requests be sent here?
 *
 * @throws HttpError `NOT_READY`, `SHUTTING_DOWN`
 */
export function ready(isLoaded: boolean, isClosing: boolean, load: Load): Response {
  if (isClosing) throw shuttingDown();
  if (!isLoaded) throw new HttpError('NOT_READY', 'The model is not loaded yet.');
  if (!load.accepts) {
    const seconds = Math.max(1, Math.ceil(load.wait / 1000));
    throw new HttpError(
      'NOT_READY',
      `${load.waiting} photos are waiting; another one could not be captioned in time.`,
      { headers: { 'retry-after': String(seconds) } },
    );
  }
  return Response.json({ status: 'ok' }, { headers: noStore });
}

export function shuttingDown(): HttpError {
  return new HttpError(
    'SHUTTING_DOWN',
    'The server is shutting down. Send the request to another one.',
    {
      headers: { 'retry-after': '1', connection: 'close' },
    },
  );
}
