import { bleu } from './metrics/bleu.js';
import { ciderD } from './metrics/cider-d.js';
import { rougeL } from './metrics/rouge-l.js';
import { tokenize } from './metrics/tokenize.js';

/** One photo's caption with its own scores. */
export interface ScoredPhoto {
  readonly ciderD: number;
  readonly rougeL: number;
}

/** A set's figures. BLEU and ROUGE-L are 0–100, CIDEr-D 0–10 as it is usually given (1 is human-like). */
export interface SetScores {
  readonly photos: number;
  readonly bleu1: number;
  readonly bleu2: number;
  readonly bleu3: number;
  readonly bleu4: number;
  readonly rougeL: number;
  readonly ciderD: number;
  /** Mean number of words of a caption. */
  readonly meanLength: number;
  /** Share of captions that differ from all before them, 0–1. */
  readonly distinct: number;
  /** Different words used. */
  readonly vocabulary: number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Scores captions against references; both as people write them. */
export function score(
  captions: readonly string[],
  references: readonly (readonly string[])[],
): { set: SetScores; photos: ScoredPhoto[] } {
  const words = captions.map((caption, i) => ({
    candidate: tokenize(caption),
    references: (references[i] ?? []).map(tokenize),
  }));
  const cider = ciderD(words);
  const rouge = words.map(rougeL);
  const [bleu1 = 0, bleu2 = 0, bleu3 = 0, bleu4 = 0] = bleu(words).map((value) => 100 * value);
  return {
    set: {
      photos: captions.length,
      bleu1,
      bleu2,
      bleu3,
      bleu4,
      rougeL: 100 * mean(rouge),
      ciderD: mean(cider),
      meanLength: mean(words.map(({ candidate }) => candidate.length)),
      distinct: new Set(captions).size / Math.max(1, captions.length),
      vocabulary: new Set(words.flatMap(({ candidate }) => candidate)).size,
    },
    photos: cider.map((value, i) => ({ ciderD: value, rougeL: rouge[i] ?? 0 })),
  };
}
