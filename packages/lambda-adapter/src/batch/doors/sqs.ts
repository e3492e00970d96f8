import {
  BatchProcessor,
  EventType,
  processPartialResponse,
  SqsFifoPartialProcessorAsync,
} from '@aws-lambda-powertools/batch';
import { isObject } from '../../lambda/event-fields.js';
import type { BatchLog } from '../batch-log.js';
import { jobsOf, parseJson } from '../object-events.js';
import type { Worker } from '../worker.js';

/** The messages to be delivered again; all others are done and deleted. */
export interface SqsAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly eventSourceARN: string;
  readonly attributes?: { readonly ApproximateReceiveCount?: string };
}

export function isSqsEvent(event: unknown): event is { readonly Records: readonly Message[] } {
  if (!isObject(event) || !Array.isArray(event.Records)) return false;
  const [first] = event.Records as readonly unknown[];
  return isObject(first) && first.eventSource === 'aws:sqs';
}

/**
 * A batch of SQS messages. Of a FIFO queue, the messages of a group come one after another, and the
 * rest of a group waits behind one that failed.
 *
 * Powertools keeps the account of what failed and of the groups.
 */
export async function answerSqs(
  { Records }: { readonly Records: readonly Message[] },
  worker: Worker,
  log: BatchLog,
): Promise<SqsAnswer> {
  const caption = async (record: unknown) => {
    const { body } = record as Message;
    await worker.all(jobsOrLog(body, log));
  };
  const isFifo = Records.some(({ eventSourceARN }) => eventSourceARN.endsWith('.fifo'));
  // Not an error of the function if all messages failed: it would be counted and alarmed as one.
  const throwOnFullBatchFailure = false;
  return isFifo
    ? processPartialResponse(
        { Records: [...Records] } as never,
        caption,
        new SqsFifoPartialProcessorAsync(),
        {
          throwOnFullBatchFailure,
          skipGroupOnError: true,
        },
      )
    : processPartialResponse(
        { Records: suspectsLast(Records) } as never,
        caption,
        new BatchProcessor(EventType.SQS),
        { throwOnFullBatchFailure, processInParallel: true },
      );
}

function jobsOrLog(body: string, log: BatchLog) {
  try {
    return jobsOf(parseJson(body));
  } catch (error) {
    log.error(undefined, error);
    throw error;
  }
}

/**
 * A photo that once ended the process (out of memory, say) comes after all others: these are done by
 * then, should it happen again.
 */
function suspectsLast(records: readonly Message[]): Message[] {
  const receives = ({ attributes }: Message) => Number(attributes?.ApproximateReceiveCount ?? 1);
  return [...records].sort((a, b) => receives(a) - receives(b));
}
