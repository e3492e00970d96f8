import { throwIfAborted } from '../abort.js';
import { CaptionError } from '../errors.js';
import { pause } from '../next-task.js';
import type { DecoderStep, DecoderStepOutput, SearchControl } from './types.js';

/**
 * The decoder's step with what every search wants of it: the signal is heeded before and after each
 * run, and an output whose shape is not that of the rows asked for is refused.
 */
export function guardStep(step: DecoderStep, control: SearchControl): DecoderStep {
  let vocabSize: number | undefined;
  const guarded = async (rows: number, run: () => Promise<DecoderStepOutput>) => {
    throwIfAborted(control.signal);
    const output = await run();
    checkShape(output, rows, vocabSize);
    vocabSize = output.vocabSize;
    // A runtime on this thread answers within one task, in which no timer, click or repaint happens:
    // without a pause the rest of the program would stand still until the caption is there.
    await pause(control.signal);
    return output;
  };
  const { prefill } = step;
  const guardedStep: DecoderStep = (tokens, parents) =>
    guarded(tokens.length, () => step(tokens, parents));
  if (!prefill) return guardedStep;
  return Object.assign(guardedStep, {
    prefill: { tokens: prefill.tokens, run: () => guarded(1, prefill.run) },
  });
}

/** Feeds the prompt in one row, what the decoder reads itself at once, the rest one token a step; gives the output after its last token. */
export async function feedPrompt(
  step: DecoderStep,
  prompt: readonly number[],
): Promise<DecoderStepOutput> {
  let output = await step.prefill?.run();
  for (const token of prompt.slice(step.prefill?.tokens ?? 0)) output = await step([token], [0]);
  if (output === undefined) {
    throw new CaptionError(
      'MODEL_INVALID',
      'A caption cannot be started: no start token was given. Set the start token in the manifest ' +
        'or in generation_config.json (decoder_start_token_id or bos_token_id).',
    );
  }
  return output;
}

/** The error for a caption whose first token is banned in every case. */
export function nothingAllowed(): CaptionError {
  return new CaptionError(
    'INVALID_OPTION',
    'No caption can be made: bannedWords, noRepeatNgramSize, minLength and the tokens that the model ' +
      'suppresses leave no first word. Ban fewer words or shorten the prefix.',
  );
}

function checkShape(
  { logits, vocabSize, attention }: DecoderStepOutput,
  rows: number,
  expectedVocabSize: number | undefined,
): void {
  const sound =
    vocabSize > 0 &&
    (expectedVocabSize === undefined || vocabSize === expectedVocabSize) &&
    logits.length === rows * vocabSize &&
    (attention === undefined || attention.length % rows === 0);
  if (sound) return;
  throw new CaptionError(
    'RUNTIME_FAILED',
    `The decoder was asked for ${rows} row(s) of ${expectedVocabSize ?? vocabSize} scores and gave ` +
      `${logits.length} scores for a vocabulary of ${vocabSize}` +
      `${attention === undefined ? '' : ` and ${attention.length} attention weights`}. ` +
      'Check that the decoder returns one row per sequence and that the manifest names its outputs correctly.',
  );
}
