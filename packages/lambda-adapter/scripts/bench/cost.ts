/** us-east-1, November 2026: https://aws.amazon.com/lambda/pricing/ */
const PER_GB_SECOND = { x86_64: 0.0000166667, arm64: 0.0000133334 } as const;
const PER_REQUEST = 0.2 / 1e6;

export const REQUESTS = 10_000;

export interface Usage {
  /** Megabytes the function is given. */
  readonly memory: number;
  /** Milliseconds. Init is billed like the rest (since August 2025). */
  readonly init: number;
  readonly first: number;
  readonly warm: number;
}

/** GB-seconds billed for 10,000 requests, a share of them cold. Lambda bills by the millisecond, rounded up. */
export function billedGbSeconds({ memory, init, first, warm }: Usage, coldShare: number): number {
  const cold = Math.ceil(init + first);
  const milliseconds = REQUESTS * (coldShare * cold + (1 - coldShare) * Math.ceil(warm));
  return (milliseconds / 1000) * (memory / 1024);
}

/** Dollars a month, nothing taken off for the free tier. */
export function monthlyCost(gbSeconds: number, architecture: keyof typeof PER_GB_SECOND): number {
  return gbSeconds * PER_GB_SECOND[architecture] + REQUESTS * PER_REQUEST;
}
