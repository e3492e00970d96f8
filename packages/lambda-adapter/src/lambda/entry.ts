import { createApp } from '../http/app.js';
import { readSettings } from '../http/settings.js';
import { engineFromEnvironment } from './engine-from-environment.js';
import { createHandler } from './handler.js';
import { type AwsLambda, createStreamHandler } from './stream-handler.js';
import { createWriter } from './write-log.js';

/*
 * The function that Lambda runs: `index.handler`, or `index.streamHandler` behind a Function URL
 * that streams. Everything is loaded while the module is, in Lambda's init phase with its full CPU.
 */

const app = createApp({
  settings: readSettings(process.env),
  engine: () => engineFromEnvironment(),
});
const log = createWriter(process.env);

try {
  await app.engine();
} catch (error) {
  // Not fatal: a download may work the next time. Every request tries again and says so if it fails.
  log.failure('The model could not be loaded', error);
}

/** For every kind of event. */
export const handler = createHandler(app, log.request);

const { awslambda } = globalThis as { awslambda?: AwsLambda };
/** For Function URLs with response streaming; there only where Lambda's Node runtime is. */
export const streamHandler =
  awslambda?.streamifyResponse && createStreamHandler(app, awslambda, log.request);
