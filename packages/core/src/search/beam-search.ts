import { feedPrompt, nothingAllowed } from './decoding.js';
import { logSumExp } from './log-softmax.js';
import { endTokens, type LogitsProcessor, logitsProcessors } from './logits-processors.js';
import { keepAttention, type TokenPath, tokensOf, tracePath } from './token-path.js';
import { TopK } from './top-k.js';
import type { DecoderStep, DecoderStepOutput, Hypothesis, SearchSettings } from './types.js';

/** An unfinished sentence. Its index in the list is its row in the decoder. */
interface Beam {
  readonly path: TokenPath | undefined;
  /** Sum of its tokens' log-probabilities as the processors left them. */
  readonly score: number;
}

/** A beam and a token that may follow it. */
interface Continuation {
  readonly row: number;
  readonly token: number;
  readonly score: number;
  readonly logProb: number;
}

/** A finished sentence, with its score divided by length^lengthPenalty. */
type Finished = Pick<Hypothesis, 'score' | 'endLogProb' | 'finished'> & {
  readonly path: TokenPath | undefined;
};

/**
 * Beam search as Hugging Face `generate` does it (transformers 5.23, `_beam_search`): in every step
 * the best continuations of all beams are listed, enough of them that `numBeams` go on even if all
 * the others end; of those that end, the ones among the first `numBeams` join a pool that keeps the
 * `numBeams` best.
 */
export async function beamSearch(
  step: DecoderStep,
  settings: SearchSettings,
): Promise<Hypothesis[]> {
  const { numBeams, maxLength, lengthPenalty, forcedTokens = 0 } = settings;
  const divisor = (length: number) => (length + forcedTokens) ** lengthPenalty;
  const end = new Set(endTokens(settings));
  const processors = logitsProcessors(settings);
  const candidates = new TopK(Math.max(2, 1 + end.size) * numBeams);
  const pool: Finished[] = [];

  let output = await feedPrompt(step, settings.prompt);
  // For all steps: memory that each left behind would have to be collected.
  const scores = new Float64Array(processors.length > 0 ? output.vocabSize : 0);
  let beams: Beam[] = [{ path: undefined, score: 0 }];

  for (let length = 1; ; length++) {
    const continuations = bestContinuations(
      output,
      beams,
      processors,
      settings.prompt,
      candidates,
      scores,
    );
    if (continuations.length === 0) {
      // Every token is banned, so the beams end here.
      if (length === 1) throw nothingAllowed();
      for (const { path, score } of beams) {
        const finalScore = score / divisor(length - 1);
        addToPool(pool, { path, score: finalScore, endLogProb: 0, finished: false }, numBeams);
      }
      break;
    }

    const attention = keepAttention(output, beams.length, settings.attention);
    const next: Beam[] = [];
    const parents: number[] = [];
    continuations.forEach(({ row, token, score, logProb }, rank) => {
      const finished = end.has(token);
      if (!finished && length < maxLength) {
        if (next.length === numBeams) return;
        next.push({ path: extend(beams[row], row, token, logProb, attention), score });
        parents.push(row);
      } else if (rank < numBeams) {
        const path = finished
          ? beams[row]?.path
          : extend(beams[row], row, token, logProb, attention);
        addToPool(
          pool,
          {
            path,
            score: score / divisor(length),
            endLogProb: finished ? logProb : 0,
            finished,
          },
          numBeams,
        );
      }
    });

    if (next.length === 0 || isDone(pool, next, length, settings)) break;
    output = await step(
      next.map(({ path }) => path?.token ?? 0),
      parents,
    );
    beams = next;
  }

  return pool.slice(0, settings.numCaptions).map(({ path, score, endLogProb, finished }) => ({
    ...tracePath(path),
    endLogProb,
    score,
    finished,
  }));
}

/**
 * The best continuations of all beams together, best first.
 *
 * @param logProbs for one row of the vocabulary, to work in
 */
function bestContinuations(
  { logits, vocabSize }: DecoderStepOutput,
  beams: readonly Beam[],
  processors: readonly LogitsProcessor[],
  prompt: readonly number[],
  candidates: TopK,
  logProbs: Float64Array,
): Continuation[] {
  candidates.clear();
  const normalizers = beams.map((_, row) => logSumExp(logits, row, vocabSize));
  beams.forEach(({ path, score }, row) => {
    const start = row * vocabSize;
    const normalizer = normalizers[row] ?? 0;
    if (processors.length === 0) {
      candidates.offerAll(logits, start, vocabSize, score - normalizer, start);
      return;
    }
    for (let i = 0; i < vocabSize; i++) logProbs[i] = (logits[start + i] as number) - normalizer;
    const sequence = [...prompt, ...tokensOf(path)];
    for (const process of processors) process(sequence, logProbs);
    candidates.offerAll(logProbs, 0, vocabSize, score, start);
  });
  return candidates.sorted().map(({ score, index }) => {
    const row = Math.floor(index / vocabSize);
    const logProb = (logits[index] as number) - (normalizers[row] ?? 0);
    return { row, token: index % vocabSize, score, logProb };
  });
}

function extend(
  beam: Beam | undefined,
  row: number,
  token: number,
  logProb: number,
  attention: ReturnType<typeof keepAttention>,
): TokenPath {
  return { token, logProb, previous: beam?.path, attention: attention(row) };
}

/** Inserts a sentence by score, after equal scores, and drops the worst beyond `size`. */
function addToPool(pool: Finished[], sentence: Finished, size: number): void {
  const place = pool.findIndex(({ score }) => score < sentence.score);
  pool.splice(place === -1 ? pool.length : place, 0, sentence);
  if (pool.length > size) pool.pop();
}

/**
 * Whether to stop with the pool as it is. `'never'` guesses with a positive length penalty that the
 * best beam could reach the longest length at no further cost; `false` only looks at its score now.
 */
function isDone(
  pool: readonly Finished[],
  beams: readonly Beam[],
  length: number,
  { numBeams, maxLength, lengthPenalty, earlyStopping, forcedTokens = 0 }: SearchSettings,
): boolean {
  const worst = pool[numBeams - 1];
  if (worst === undefined) return false;
  if (earlyStopping === true) return true;
  const reachable = earlyStopping === 'never' && lengthPenalty > 0 ? maxLength : length;
  const best = Math.max(...beams.map(({ score }) => score));
  return best / (reachable + forcedTokens) ** lengthPenalty <= worst.score;
}
