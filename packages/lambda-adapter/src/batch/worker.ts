import type { BatchLog } from './batch-log.js';
import type { CaptionObject, Outcome } from './caption-object.js';
import type { Deadline } from './deadline.js';
import { Gate } from './gate.js';
import type { Job } from './job.js';
import { TransientError } from './transient-error.js';

/** Does jobs within the time of one invocation. */
export interface Worker {
  /** @throws TransientError, also if there is no time left */
  one(job: Job): Promise<Outcome>;
  /**
   * Several jobs, some at the same time; the outcomes are in their order.
   *
   * @throws the first error, after all jobs that had begun are over
   */
  all(jobs: readonly Job[]): Promise<readonly Outcome[]>;
}

export function createWorker(
  captionObject: CaptionObject,
  concurrency: number,
  deadline: Deadline,
  log: BatchLog,
): Worker {
  const gate = new Gate(concurrency);
  const one = (job: Job) =>
    gate.run(async () => {
      try {
        if (!deadline.hasTime()) throw tooShort(job);
        const outcome = await deadline.time(() => captionObject(job, deadline.signal));
        log.outcome(job, outcome);
        return outcome;
      } catch (error) {
        log.error(job, error);
        throw error;
      }
    });
  return {
    one,
    async all(jobs) {
      const settled = await Promise.allSettled(jobs.map(one));
      return settled.map((each) => {
        if (each.status === 'rejected') throw each.reason;
        return each.value;
      });
    },
  };
}

function tooShort({ bucket, key }: Job): TransientError {
  return new TransientError(
    'TIME_TOO_SHORT',
    `No time was left for s3://${bucket}/${key}. Give the function a longer timeout, or smaller batches.`,
  );
}
