import { isObject } from '../../lambda/event-fields.js';
import type { BatchLog } from '../batch-log.js';
import { JobError } from '../job.js';
import { jobsOf } from '../object-events.js';
import type { Worker } from '../worker.js';

/** True for an event that S3, SNS or EventBridge sends to the function itself. */
export function isNotification(event: unknown): boolean {
  if (!isObject(event)) return false;
  if (event.source === 'aws.s3' || event.Event === 's3:TestEvent') return true;
  const [first] = Array.isArray(event.Records) ? (event.Records as readonly unknown[]) : [];
  return isObject(first) && (first.eventSource === 'aws:s3' || first.EventSource === 'aws:sns');
}

/**
 * Photos of a notification. Lambda asks twice more if this throws, and then sends the event to the
 * function's dead-letter queue or failure destination: so only what a retry can mend is thrown.
 */
export async function answerNotification(
  event: unknown,
  worker: Worker,
  log: BatchLog,
): Promise<{ readonly photos: number }> {
  let jobs: ReturnType<typeof jobsOf>;
  try {
    jobs = jobsOf(event);
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    log.error(undefined, error);
    return { photos: 0 };
  }
  const outcomes = await worker.all(jobs);
  return { photos: outcomes.length };
}
