import { createBatchLog } from '../src/batch/batch-log.js';
import { connect } from '../src/batch/clients.js';
import { createBatchHandler } from '../src/batch/handler.js';
import { type BatchSettings, readBatchSettings } from '../src/batch/settings.js';
import type { Engine } from '../src/http/engine.js';
import { lambdaContext } from './lambda-context.js';
import { type S3Server, startS3Server } from './s3-server.js';
import { type ScriptedEngine, scriptedEngine } from './scripted-engine.js';

/** The batch handler with the real SDK, before an S3 in memory and with a scripted engine. */
export interface BatchRig {
  readonly s3: S3Server;
  engine: ScriptedEngine;
  settings: BatchSettings;
  /** Milliseconds that an invocation has. */
  timeLeft: number;
  handle(event: unknown): Promise<unknown>;
  /** The JSON stored for a photo of the bucket `photos`. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever lies there
  result(key: string): any;
  etag(key: string): string;
  /** The log so far. */
  lines(): Record<string, unknown>[];
  close(): void;
}

const names = ['AWS_ENDPOINT_URL_S3', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'];

export async function startBatchRig(results = 's3://results/captions'): Promise<BatchRig> {
  const s3 = await startS3Server();
  const before = names.map((name) => [name, process.env[name]] as const);
  process.env.AWS_ENDPOINT_URL_S3 = s3.address;
  process.env.AWS_ACCESS_KEY_ID = 'example';
  process.env.AWS_SECRET_ACCESS_KEY = 'example';
  process.env.AWS_REGION = 'eu-central-1';
  const lines: string[] = [];
  const rig: BatchRig = {
    s3,
    engine: scriptedEngine(),
    settings: readBatchSettings({ ZIPCAPTION_RESULTS: results }),
    timeLeft: 30_000,
    handle(event) {
      const handler = createBatchHandler({
        settings: rig.settings,
        engine: async (): Promise<Engine> => rig.engine,
        ...connect(rig.settings),
        log: createBatchLog('test', (line) => void lines.push(line)),
      });
      return handler(event, lambdaContext(rig.timeLeft));
    },
    result(key) {
      const object = s3.objects.get(`results/captions/${key}.json`);
      return object && JSON.parse(object.body.toString());
    },
    etag: (key) => s3.objects.get(`photos/${key}`)?.etag ?? '',
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    close() {
      s3.close();
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
  return rig;
}
