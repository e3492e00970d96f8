#!/usr/bin/env node
import { createApp } from '../http/app.js';
import { readSettings } from '../http/settings.js';
import { engineFromEnvironment } from '../lambda/engine-from-environment.js';
import { createWriter } from '../lambda/write-log.js';
import { parseServeArguments, type ServeArguments, usage } from './arguments.js';
import { watchKeys } from './key-file.js';
import { listenFailure } from './listen-failure.js';
import { createMetrics } from './metrics.js';
import { type NodeServer, startServer } from './node-server.js';
import { createTracing } from './tracing.js';

/** The always-on alternative to Lambda: the same app as a plain HTTP server. */
async function main(): Promise<void> {
  const options = parseServeArguments(process.argv.slice(2), process.env);
  if (options.help) console.log(usage);
  else await serve(options);
}

async function serve(options: ServeArguments): Promise<void> {
  const env = { ...process.env, ...options.variables };
  const log = createWriter(env);
  const settings = readSettings(env);
  const keys = watchKeys(env, (count, failure) => {
    if (failure) log.failure(`The API keys are unchanged (${count})`, failure);
    else console.error(`API keys: ${count}`);
  });
  const metrics = createMetrics(settings.basePath);
  const trace = await createTracing(settings.basePath);
  const observe: typeof log.request = (record) => {
    metrics.observe(record);
    trace(record);
    log.request(record);
  };
  const { workers } = options;
  const app = createApp({
    settings,
    workers,
    observe,
    apiKeys: keys.keys,
    metrics: metrics.answer,
    engine: () => engineFromEnvironment(env, undefined, workers),
  });
  metrics.watch(app);
  let server: NodeServer | undefined;
  let ending = false;
  const stop = async () => {
    if (ending) return;
    ending = true;
    if (server) {
      console.error('Shutting down: no new requests are accepted, pending ones are finished.');
      await server.close();
    }
    process.exit(0);
  };
  // Before the model is loaded: process 1 of a container ignores signals that it does not listen to.
  process.on('SIGTERM', stop).on('SIGHUP', keys.reload);
  // Ctrl-C for the second time: at once.
  process.on('SIGINT', () => (ending ? process.exit(1) : stop()));
  await app.warmUp(); // No request is taken before it can be answered.
  server = await startServer(app, { ...options, observe }).catch((cause: unknown) => {
    const why = listenFailure(cause, options);
    throw why === undefined ? cause : new Error(why, { cause });
  });
  const { name, version } = (await app.engine()).model;
  const address = server.url + settings.basePath;
  console.error(
    `Captions at ${address}/caption, a page at ${address}/ (model ${name} ${version}, workers ${workers})`,
  );
  // Captions go on when whoever read the log has gone.
  process.stdout
    .once('error', ({ message }) => console.error(`The log cannot be written: ${message}`))
    .on('error', () => undefined);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
