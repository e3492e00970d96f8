import { once } from '../http/engine.js';
import { engineFromEnvironment } from '../lambda/engine-from-environment.js';
import { createWriter } from '../lambda/write-log.js';
import { createBatchLog } from './batch-log.js';
import { connect } from './clients.js';
import { createBatchHandler } from './handler.js';
import { readBatchSettings } from './settings.js';

/* The function that Lambda runs for batches: `batch.handler`. Loads all it needs in the init phase. */

const settings = readBatchSettings(process.env);
const engine = once(() => engineFromEnvironment());

try {
  await engine.get();
} catch (error) {
  // Not fatal: a download may work the next time. Until then every photo is to be tried again.
  createWriter(process.env).failure('The model could not be loaded', error);
}

export const handler = createBatchHandler({
  settings,
  engine: engine.get,
  ...connect(settings),
  log: createBatchLog(process.env.POWERTOOLS_SERVICE_NAME ?? 'zipcaption'),
});
