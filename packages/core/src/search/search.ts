import { CaptionError } from '../errors.js';
import { beamSearch } from './beam-search.js';
import { guardStep } from './decoding.js';
import { greedySearch } from './greedy.js';
import { sampleSearch } from './sample.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';

/**
 * Looks for the sentences that a decoder finds likeliest: by beam search, greedily when `numBeams` is
 * 1, or by sampling when `sample` is set.
 *
 * @param step     the decoder, before its first step
 * @param settings in range each by itself; what does not go together is refused here
 * @param control  how to stop the search and how to watch it
 * @returns `numCaptions` hypotheses, best first; fewer only where beam search found no more
 * @throws `INVALID_OPTION` for settings that do not go together or leave no word to say, `ABORTED`
 *         when the signal fires, `RUNTIME_FAILED` for scores that are not numbers
 *
 * @example
 * const [best] = await search(step, { ...settings, numBeams: 3, prompt: [startToken] });
 */
export async function search(
  step: DecoderStep,
  settings: SearchSettings,
  control: SearchControl = {},
): Promise<Hypothesis[]> {
  checkTogether(settings, control);
  const guarded = guardStep(step, control);
  if (settings.sample) return sampleSearch(guarded, settings, control);
  if (settings.numBeams === 1) return greedySearch(guarded, settings, control);
  return beamSearch(guarded, settings);
}

function checkTogether(settings: SearchSettings, control: SearchControl): void {
  const { sample, numBeams, numCaptions } = settings;
  if (sample && numBeams > 1) {
    throw refused(`sample with numBeams ${numBeams}: set numBeams to 1, or sample to false`);
  }
  if (!sample && numCaptions > numBeams) {
    throw refused(
      `numCaptions ${numCaptions} with numBeams ${numBeams}: there are at most numBeams captions ` +
        'unless sample is true',
    );
  }
  if (control.onToken && (numCaptions > 1 || numBeams > 1)) {
    throw refused(
      'onToken with more than one beam or caption: the words are not settled before the end. ' +
        'Set numBeams and numCaptions to 1',
    );
  }
}

function refused(what: string): CaptionError {
  return new CaptionError('INVALID_OPTION', `These options cannot be combined: ${what}.`);
}
