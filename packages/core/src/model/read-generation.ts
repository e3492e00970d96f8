import { LIMITS, MODEL_LIMITS } from '../limits.js';
import type { GenerationDefaults } from './manifest.js';
import { array, integer, number, object, oneOf, optional } from './schema.js';

const FIELDS = [
  'bos',
  'forcedStart',
  'forcedEnd',
  'eos',
  'pad',
  'suppress',
  'maxLength',
  'minLength',
  'numBeams',
  'lengthPenalty',
  'earlyStopping',
  'noRepeatNgramSize',
  'repetitionPenalty',
  'tagWeight',
  'tagBias',
  'tagRepeatPenalty',
];

/**
 * The manifest's `generation`: special tokens, and the defaults of the search options.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function readGeneration(json: unknown): GenerationDefaults {
  const g = object(json, 'generation', FIELDS);
  const token = (value: unknown, path: string) => integer(value, path, MODEL_LIMITS.token);
  const whole = (
    key: 'maxLength' | 'minLength' | 'numBeams' | 'noRepeatNgramSize',
    fallback: number,
  ) => integer(g[key] ?? fallback, `generation.${key}`, LIMITS[key]);
  const real = (
    key: 'lengthPenalty' | 'repetitionPenalty' | 'tagWeight' | 'tagBias' | 'tagRepeatPenalty',
    fallback: number,
  ) => number(g[key] ?? fallback, `generation.${key}`, LIMITS[key]);
  const eos = Array.isArray(g.eos)
    ? array(g.eos, 'generation.eos', token)
    : token(g.eos, 'generation.eos');
  return {
    bos: token(g.bos, 'generation.bos'),
    ...optional(g, 'generation', 'forcedStart', token),
    ...optional(g, 'generation', 'forcedEnd', token),
    eos,
    pad: token(g.pad ?? [eos].flat()[0], 'generation.pad'),
    suppress: array(g.suppress ?? [], 'generation.suppress', token),
    maxLength: whole('maxLength', 20),
    minLength: whole('minLength', 0),
    numBeams: whole('numBeams', 1),
    lengthPenalty: real('lengthPenalty', 1),
    earlyStopping: oneOf(g.earlyStopping ?? false, 'generation.earlyStopping', [
      true,
      false,
      'never',
    ]),
    noRepeatNgramSize: whole('noRepeatNgramSize', 0),
    repetitionPenalty: real('repetitionPenalty', 1),
    tagWeight: real('tagWeight', 0),
    tagBias: real('tagBias', 0),
    tagRepeatPenalty: real('tagRepeatPenalty', 0),
  };
}
