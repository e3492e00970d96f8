import type { GetEngine } from '../http/engine.js';
import type { LambdaContext } from '../lambda/context.js';
import { InvocationError } from '../lambda/direct.js';
import { describeEvent } from '../lambda/event-kind.js';
import { isWarmPing } from '../lambda/warm-ping.js';
import { type BatchLog, createBatchLog } from './batch-log.js';
import { createCaptionObject } from './caption-object.js';
import { Deadline, Pace } from './deadline.js';
import { answerBatchOperations, isBatchOperations } from './doors/batch-operations.js';
import { answerNotification, isNotification } from './doors/notification.js';
import { answerSqs, isSqsEvent } from './doors/sqs.js';
import { answerItem, answerItemBatch, isItem, isItemBatch } from './doors/step-functions.js';
import type { ObjectReader } from './photo-object.js';
import type { ResultStore } from './result-store.js';
import type { BatchSettings } from './settings.js';
import { createWorker, type Worker } from './worker.js';

export interface BatchParts {
  readonly settings: BatchSettings;
  readonly engine: GetEngine;
  readonly reader: ObjectReader;
  readonly stores: readonly ResultStore[];
  /** Default: lines of JSON on standard output. */
  readonly log?: BatchLog;
}

export type BatchHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/**
 * A Lambda handler that captions photos in S3 and stores each result once.
 *
 * @example
 * const settings = readBatchSettings(process.env);
 * export const handler = createBatchHandler({
 *   settings,
 *   engine: () => loadCaptioner(),
 *   ...connect(settings),
 * });
 */
export function createBatchHandler(parts: BatchParts): BatchHandler {
  const { settings, log = createBatchLog('zipcaption') } = parts;
  const captionObject = createCaptionObject(parts);
  const pace = new Pace();
  return async (event, context) => {
    if (isWarmPing(event)) return { warm: true };
    const deadline = new Deadline(() => context.getRemainingTimeInMillis(), pace);
    const started = performance.now();
    try {
      if (parts.stores.length === 0 && (isSqsEvent(event) || isNotification(event))) {
        throw new InvocationError({
          code: 'INVALID_OPTION',
          detail:
            'ZIPCAPTION_RESULTS is "none", so that captions of this event would be lost. Set it to s3://BUCKET/PREFIX or dynamodb://TABLE.',
        });
      }
      const worker = createWorker(captionObject, settings.concurrency, deadline, log);
      return await answer(event, worker, log);
    } finally {
      deadline.end();
      log.summary({
        function_request_id: context.awsRequestId,
        duration_ms: Math.round(performance.now() - started),
      });
    }
  };
}

async function answer(event: unknown, worker: Worker, log: BatchLog): Promise<unknown> {
  if (isSqsEvent(event)) return answerSqs(event, worker, log);
  if (isBatchOperations(event)) return answerBatchOperations(event, worker);
  if (isNotification(event)) return answerNotification(event, worker, log);
  if (isItemBatch(event)) return answerItemBatch(event, worker);
  if (isItem(event)) return answerItem(event, worker);
  throw new InvocationError({
    code: 'INVALID_INPUT',
    detail: `The event is ${describeEvent(event)}. The batch takes messages of SQS, notifications of S3, SNS and EventBridge, tasks of S3 Batch Operations, and items of Step Functions: { "bucket", "key" } or { "Items": […] }.`,
  });
}
