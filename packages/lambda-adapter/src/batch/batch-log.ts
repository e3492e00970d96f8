import type { Outcome } from './caption-object.js';
import type { Job } from './job.js';
import { TransientError } from './transient-error.js';

/** What became of the photos of one invocation, by kind: `stored`, `already`, `failed`, `retried`, … */
export type Ledger = Readonly<Record<string, number>>;

export interface BatchLog {
  outcome(job: Job, outcome: Outcome): void;
  error(job: Job | undefined, error: unknown): void;
  /** Writes one line with the counts of all that came since the last one. */
  summary(facts: Readonly<Record<string, unknown>>): void;
}

/**
 * Lines of JSON with the keys of Powertools' Logger: one for each photo that failed, and one with the
 * counts of an invocation. They name buckets and keys, never a photo or its caption.
 */
export function createBatchLog(
  service: string,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): BatchLog {
  let counts: Record<string, number> = {};
  const count = (kind: string) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  const line = (level: string, message: string, facts: object) =>
    write(
      JSON.stringify({ level, message, timestamp: new Date().toISOString(), service, ...facts }),
    );
  return {
    outcome({ bucket, key, versionId }, { done, result }) {
      count(done);
      if (result?.status !== 'failed' || done !== 'stored') return;
      count('failed');
      line('WARN', 'A photo has no caption', { bucket, key, versionId, error: result.error });
    },
    error(job, error) {
      count('retried');
      const { bucket, key, versionId } = job ?? {};
      line('ERROR', 'A photo is to be tried again', { bucket, key, versionId, error: told(error) });
    },
    summary(facts) {
      line('INFO', 'Photos of one invocation', { ...facts, photos: counts });
      counts = {};
    },
  };
}

function told(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, cause } = error;
  const code = 'code' in error ? error.code : name;
  // A fault of our own is nowhere else to be seen.
  const isKnown = error instanceof TransientError;
  return { code, message, ...(!isKnown && { stack: error.stack, cause: cause && String(cause) }) };
}
