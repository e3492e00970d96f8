#!/usr/bin/env node
import cluster from 'node:cluster';
import { createApp } from '../http/app.js';
import { readSettings } from '../http/settings.js';
import { engineFromEnvironment } from '../lambda/engine-from-environment.js';
import { limitWasmTierUp } from '../lambda/wasm-tier.js';
import { createWriter } from '../lambda/write-log.js';
import { parseServeArguments, type ServeArguments, usage } from './arguments.js';
import { startServer } from './node-server.js';
import { superviseWorkers } from './workers.js';

/** The always-on alternative to Lambda: the same app as a plain HTTP server. */
async function main(): Promise<void> {
  const options = parseServeArguments(process.argv.slice(2), process.env);
  if (options.help) {
    console.log(usage);
  } else if (options.workers > 1 && cluster.isPrimary) {
    readSettings(process.env); // A wrong setting is told once, not by every worker.
    superviseWorkers(options.workers, options.grace);
  } else {
    await serve(options);
  }
}

async function serve(options: ServeArguments): Promise<void> {
  limitWasmTierUp(process.env);
  const log = createWriter(process.env);
  const app = createApp({
    settings: readSettings(process.env),
    engine: () => engineFromEnvironment(),
    observe: log.request,
  });
  await app.engine(); // No request is taken before it can be answered.
  const server = await startServer(app, options);
  const { name, version } = (await app.engine()).model;
  console.error(
    `Captions at ${server.url}/caption, a page at ${server.url}/ (model ${name} ${version})`,
  );
  let ending = false;
  const stop = async () => {
    if (ending) return;
    ending = true;
    console.error('Ending: no new requests, those under way are finished.');
    await server.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  if (cluster.isWorker) {
    // The terminal's Ctrl-C reaches every process; the supervisor passes it on as a SIGTERM.
    process.on('SIGINT', () => undefined);
    // A worker whose supervisor is gone has nobody to serve for.
    process.on('disconnect', stop);
  } else {
    process.on('SIGINT', () => (ending ? process.exit(1) : stop()));
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
