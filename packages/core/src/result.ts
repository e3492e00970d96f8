import { confidence } from './confidence.js';
import type { Manifest } from './model/manifest.js';
import type { Hypothesis } from './search/types.js';
import type { SearchPlan } from './search-plan.js';
import { leadingSpaceTrimmer } from './text/leading-space.js';
import type { CaptionTokenizer } from './text/tokenizer.js';
import type { CaptionCandidate, CaptionResult, WordAttention } from './types.js';

/** The results of a search as text: the best caption, the alternatives, and the attention maps. */
export function describeCaption(
  hypotheses: readonly Hypothesis[],
  { prefix, settings }: Pick<SearchPlan, 'prefix' | 'settings'>,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): Pick<CaptionResult, keyof CaptionCandidate | 'alternatives' | 'attention'> {
  const candidates = hypotheses.map((hypothesis) =>
    describeCandidate(hypothesis, prefix, manifest, tokenizer),
  );
  const [best, ...alternatives] = candidates;
  const [hypothesis] = hypotheses;
  if (!best || !hypothesis) throw new Error('A search gives at least one hypothesis.');
  const grid = manifest.decoder.attentionGrid;
  return {
    ...best,
    alternatives,
    ...(settings.attention &&
      grid && { attention: describeAttention(hypothesis, prefix, grid, tokenizer) }),
  };
}

function describeCandidate(
  hypothesis: Hypothesis,
  prefix: readonly number[],
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): CaptionCandidate {
  const { tokens, logProbs, score } = hypothesis;
  const pieces = tokenizer.pieces([...prefix, ...tokens]).slice(prefix.length);
  let text = tokenizer.decode([...prefix, ...tokens]);
  if (manifest.prompt && prefix.length === 0) {
    // The space between the prompt and the caption belongs to the prompt.
    const trim = leadingSpaceTrimmer();
    text = text.trimStart();
    pieces.forEach((piece, i) => {
      pieces[i] = trim(piece);
    });
  }
  return {
    text,
    score,
    confidence: confidence(logProbs, manifest.confidence),
    tokens: tokens.map((id, i) => ({ id, text: pieces[i] ?? '', logProb: logProbs[i] ?? 0 })),
  };
}

/** One map per word: the mean of its tokens' maps, scaled to sum to 1. Words of the prefix have no map. */
function describeAttention(
  { tokens, attention = [] }: Hypothesis,
  prefix: readonly number[],
  [rows, columns]: readonly [number, number],
  tokenizer: CaptionTokenizer,
): WordAttention[] {
  const maps: WordAttention[] = [];
  for (const { word, start, end } of tokenizer.words([...prefix, ...tokens])) {
    const values = new Float32Array(rows * columns);
    for (let token = Math.max(start, prefix.length); token < end; token++) {
      const map = attention[token - prefix.length];
      for (let i = 0; map && i < values.length; i++) {
        values[i] = (values[i] as number) + (map[i] ?? 0);
      }
    }
    const sum = values.reduce((total, value) => total + value, 0);
    if (sum > 0) maps.push({ word, rows, columns, values: values.map((value) => value / sum) });
  }
  return maps;
}
