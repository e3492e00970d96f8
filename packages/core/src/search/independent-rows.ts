import { feedPrompt, nothingAllowed } from './decoding.js';
import { logSumExp } from './log-softmax.js';
import { endTokens, logitsProcessors } from './logits-processors.js';
import { keepAttention, type TokenPath, tokensOf, tracePath } from './token-path.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';

/**
 * Chooses a row's next token from its processed logits, which it may change; undefined when every
 * token is banned.
 */
export type TokenChoice = (row: number, logits: Float64Array) => number | undefined;

interface Row {
  readonly row: number;
  readonly path: TokenPath | undefined;
  readonly logProbSum: number;
}

/**
 * Writes `rowCount` sentences side by side, each on its own: greedy search is one row that takes the
 * best token, sampling any number of rows that draw theirs. Rows that have ended are left out of the
 * steps that follow.
 */
export async function searchIndependentRows(
  step: DecoderStep,
  settings: SearchSettings,
  control: SearchControl,
  rowCount: number,
  choose: TokenChoice,
): Promise<Hypothesis[]> {
  const end = new Set(endTokens(settings));
  const processors = logitsProcessors(settings);
  const hypotheses: Hypothesis[] = [];

  let output = await feedPrompt(step, settings.prompt);
  let running: Row[] = Array.from({ length: rowCount }, (_, row) => ({
    row,
    path: undefined,
    logProbSum: 0,
  }));
  // After the prompt the decoder has one row, from which all rows continue.
  let decoderRows: number[] = running.map(() => 0);
  const scores = new Float64Array(output.vocabSize);

  for (let length = 1; ; length++) {
    const attention = keepAttention(
      output,
      output.logits.length / output.vocabSize,
      settings.attention,
    );
    const goingOn: Row[] = [];
    const parents: number[] = [];

    running.forEach((current, i) => {
      const decoderRow = decoderRows[i] ?? 0;
      const normalizer = logSumExp(output.logits, decoderRow, output.vocabSize);
      const offset = decoderRow * output.vocabSize;
      scores.set(output.logits.subarray(offset, offset + output.vocabSize));
      if (processors.length > 0) {
        const sequence = [...settings.prompt, ...tokensOf(current.path)];
        for (const process of processors) process(sequence, scores);
      }

      const token = choose(current.row, scores);
      if (token === undefined) {
        if (length === 1) throw nothingAllowed();
        hypotheses.push(hypothesis(current, length - 1, settings));
        return;
      }
      const logProb = (output.logits[offset + token] as number) - normalizer;
      if (end.has(token)) {
        hypotheses.push(hypothesis(current, length, settings, logProb));
        return;
      }
      control.onToken?.(token, logProb);
      const next: Row = {
        row: current.row,
        path: { token, logProb, previous: current.path, attention: attention(decoderRow) },
        logProbSum: current.logProbSum + logProb,
      };
      if (length === settings.maxLength) {
        hypotheses.push(hypothesis(next, length, settings));
      } else {
        goingOn.push(next);
        parents.push(decoderRow);
      }
    });

    if (goingOn.length === 0) break;
    output = await step(
      goingOn.map(({ path }) => path?.token ?? 0),
      parents,
    );
    running = goingOn;
    decoderRows = goingOn.map((_, i) => i);
  }
  return hypotheses.sort((a, b) => b.score - a.score);
}

/** @param length tokens that count towards the score, the end token included */
function hypothesis(
  row: Row,
  length: number,
  { lengthPenalty, forcedTokens = 0 }: SearchSettings,
  endLogProb?: number,
): Hypothesis {
  return {
    ...tracePath(row.path),
    endLogProb: endLogProb ?? 0,
    score: (row.logProbSum + (endLogProb ?? 0)) / (length + forcedTokens) ** lengthPenalty,
    finished: endLogProb !== undefined,
  };
}
