import type { DecoderStepOutput } from './types.js';

/**
 * A token of a sentence, with the way back to the sentence's start. Beams that share a beginning
 * share its tokens: reordering copies nothing, and what no beam leads to any more is freed.
 */
export interface TokenPath {
  readonly token: number;
  /** The model's own log-probability, before any processor. */
  readonly logProb: number;
  readonly previous: TokenPath | undefined;
  /** The attention of the step that chose this token. */
  readonly attention: AttentionRow | undefined;
}

/** One row of one step's attention, which all rows of that step hold in common. */
interface AttentionRow {
  readonly weights: Float32Array;
  readonly row: number;
  readonly rows: number;
}

/** Copies a step's attention, as it is only valid until the next step. */
export function keepAttention(
  output: DecoderStepOutput,
  rows: number,
  wanted: boolean,
): (row: number) => AttentionRow | undefined {
  if (!wanted || output.attention === undefined) return () => undefined;
  const weights = output.attention.slice();
  return (row) => ({ weights, row, rows });
}

/** The tokens from the sentence's start to `path`. */
export function tokensOf(path: TokenPath | undefined): number[] {
  return steps(path).map(({ token }) => token);
}

/** The token fields of a hypothesis. `attention` is present if it was kept. */
export function tracePath(path: TokenPath | undefined): {
  tokens: number[];
  logProbs: number[];
  attention?: Float32Array[];
} {
  const all = steps(path);
  const attention = all.flatMap((step) =>
    step.attention ? [attentionWeights(step.attention)] : [],
  );
  const traced = {
    tokens: all.map(({ token }) => token),
    logProbs: all.map(({ logProb }) => logProb),
  };
  return attention.length > 0 ? { ...traced, attention } : traced;
}

function steps(path: TokenPath | undefined): TokenPath[] {
  const backwards: TokenPath[] = [];
  for (let at = path; at !== undefined; at = at.previous) backwards.push(at);
  return backwards.reverse();
}

function attentionWeights({ weights, row, rows }: AttentionRow): Float32Array {
  const positions = weights.length / rows;
  return weights.slice(row * positions, (row + 1) * positions);
}
