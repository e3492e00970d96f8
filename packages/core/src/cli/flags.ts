import type { CaptionOptions } from '../index.js';
import { LIMITS, type Limit } from '../limits.js';
import { DTYPES } from '../model/huggingface/dtype.js';
import { RUNTIMES } from '../model/runtime.js';

/** What a flag is followed by. */
export type FlagValue =
  | { readonly kind: 'switch' }
  | { readonly kind: 'text'; readonly placeholder: string }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | ({ readonly kind: 'integer' | 'number' } & Limit)
  /** A whole number that may be omitted. */
  | ({ readonly kind: 'count' } & Limit)
  | { readonly kind: 'bytes' | 'pixels' };

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value: FlagValue;
  /** May be given several times, each adding to the list. */
  readonly repeatable?: true;
  /** Its heading in the help. */
  readonly group: string;
  readonly help: string;
  /** The library's option that the value is for. */
  readonly option?: keyof CaptionOptions;
}

export const SWITCH = { kind: 'switch' } as const;
export const text = <P extends string>(placeholder: P) => ({ kind: 'text', placeholder }) as const;
export const integer = (min: number, max: number) => ({ kind: 'integer', min, max }) as const;
export const number = (min: number, max: number) => ({ kind: 'number', min, max }) as const;

/** Every flag, in the order of the help. */
export const FLAGS = [
  {
    name: 'recursive',
    short: 'r',
    group: 'Photos',
    value: SWITCH,
    help: 'Also caption the photos in subfolders.',
  },
  {
    name: 'max-bytes',
    group: 'Photos',
    value: { kind: 'bytes' },
    option: 'maxBytes',
    help: 'Refuse larger files: 10MB, 512KiB, a number of bytes. Default 32MiB.',
  },
  {
    name: 'max-pixels',
    group: 'Photos',
    value: { kind: 'pixels' },
    option: 'maxPixels',
    help: 'Refuse photos of more pixels: 24M, a number of pixels. Default 100M.',
  },
  {
    name: 'decode',
    group: 'Photos',
    value: { kind: 'choice', choices: ['fast', 'exact'] },
    option: 'decode',
    help: "fast averages large photos while decoding them, exact decodes every pixel. Default: the model's.",
  },
  {
    name: 'timeout',
    group: 'Photos',
    value: { kind: 'number', min: 0.1, max: LIMITS.fetchTimeout.max / 1000 },
    help: 'Seconds that the download of one photo may take. Default 30.',
  },
  {
    name: 'files-from',
    group: 'Photos',
    value: text('FILE'),
    help: 'Caption the photos named in this file, one a line or separated by NUL; - reads the names from standard input.',
  },

  {
    name: 'out',
    short: 'o',
    group: 'Many photos',
    value: text('FILE'),
    help: 'Append one JSON object a photo to this file, as --jsonl prints it, with names relative to the folder. Prints nothing unless --format is given.',
  },
  {
    name: 'sidecar',
    group: 'Many photos',
    value: { kind: 'choice', choices: ['txt', 'json'] },
    help: 'Write each caption to a file beside its photo: photo.jpg.txt or photo.jpg.json.',
  },
  {
    name: 'resume',
    group: 'Many photos',
    value: SWITCH,
    help: 'Continue an earlier run: skip photos that have a result and have not changed.',
  },
  {
    name: 'retry-failed',
    group: 'Many photos',
    value: SWITCH,
    help: 'As --resume, and retry photos that failed.',
  },
  {
    name: 'check',
    group: 'Many photos',
    value: { kind: 'choice', choices: ['stat', 'hash'] },
    help: 'How --resume detects a changed photo: by size and time (stat, the default) or by SHA-256 (hash).',
  },
  {
    name: 'overwrite',
    group: 'Many photos',
    value: SWITCH,
    help: 'Replace the file of --out and existing sidecars.',
  },
  {
    name: 'shard',
    group: 'Many photos',
    value: text('I/N'),
    help: 'Caption only part I of N (1/16 to 16/16), chosen by a hash of the names.',
  },

  {
    name: 'format',
    group: 'Output',
    value: { kind: 'choice', choices: ['text', 'json', 'jsonl', 'csv', 'md'] },
    help: 'Output format. Default text: one line per photo with its name, two spaces and the caption.',
  },
  {
    name: 'json',
    group: 'Output',
    value: SWITCH,
    help: 'Same as --format json: one object for one photo, an array for several.',
  },
  {
    name: 'jsonl',
    group: 'Output',
    value: SWITCH,
    help: 'Same as --format jsonl: one JSON object per line.',
  },
  {
    name: 'alternatives',
    group: 'Output',
    value: SWITCH,
    help: 'Also print alternative captions: the default when --num-captions is above 1, and 3 captions without --num-captions.',
  },
  {
    name: 'no-alternatives',
    group: 'Output',
    value: SWITCH,
    help: 'Print the best caption only, whatever --num-captions says.',
  },
  {
    name: 'tags',
    group: 'Output',
    value: { kind: 'count', min: 1, max: LIMITS.numTags.max },
    option: 'numTags',
    help: 'Also print the likeliest tags of each photo, if the model has tags: this many, or without a number at most 10 with a probability of at least 0.1.',
  },
  {
    name: 'min-confidence',
    group: 'Output',
    value: number(0, 1),
    help: 'Hide captions with less confidence: text and md print "maybe" instead, csv nothing, JSON null. Default 0.',
  },
  {
    name: 'timings',
    group: 'Output',
    value: SWITCH,
    help: 'Print the time of each stage to stderr, and as columns in csv and md.',
  },
  {
    name: 'quiet',
    short: 'q',
    group: 'Output',
    value: SWITCH,
    help: 'Print only errors to stderr.',
  },

  {
    name: 'beams',
    short: 'b',
    group: 'Search',
    value: { kind: 'integer', ...LIMITS.numBeams },
    option: 'numBeams',
    help: 'Beams of the beam search; 1 is greedy search.',
  },
  {
    name: 'max-length',
    group: 'Search',
    value: { kind: 'integer', ...LIMITS.maxLength },
    option: 'maxLength',
    help: 'Maximum number of tokens, the end token included.',
  },
  {
    name: 'min-length',
    group: 'Search',
    value: { kind: 'integer', ...LIMITS.minLength },
    option: 'minLength',
    help: 'Minimum number of tokens.',
  },
  {
    name: 'length-penalty',
    group: 'Search',
    value: { kind: 'number', ...LIMITS.lengthPenalty },
    option: 'lengthPenalty',
    help: 'Above 0 favours long captions, below 0 short ones.',
  },
  {
    name: 'early-stopping',
    group: 'Search',
    value: { kind: 'choice', choices: ['true', 'false', 'never'] },
    option: 'earlyStopping',
    help: 'When beam search may stop: with enough finished captions (true), when nothing better is likely (false) or possible (never).',
  },
  {
    name: 'num-captions',
    short: 'n',
    group: 'Search',
    value: { kind: 'integer', ...LIMITS.numCaptions },
    option: 'numCaptions',
    help: 'Captions per photo, best first.',
  },
  {
    name: 'no-repeat-ngram',
    group: 'Search',
    value: { kind: 'integer', ...LIMITS.noRepeatNgramSize },
    option: 'noRepeatNgramSize',
    help: 'No n-gram of this many tokens occurs twice; 0 is off.',
  },
  {
    name: 'repetition-penalty',
    group: 'Search',
    value: { kind: 'number', ...LIMITS.repetitionPenalty },
    option: 'repetitionPenalty',
    help: 'Above 1 makes tokens that already occur less likely.',
  },
  {
    name: 'tag-weight',
    group: 'Search',
    value: { kind: 'number', ...LIMITS.tagWeight },
    option: 'tagWeight',
    help: 'How strongly likely tags draw their words into the caption; 0 is off.',
  },
  {
    name: 'tag-bias',
    group: 'Search',
    value: { kind: 'number', ...LIMITS.tagBias },
    option: 'tagBias',
    help: 'If the caption names none of the surest tags, search again and favour them this strongly; 0 is off.',
  },
  {
    name: 'tag-repeat-penalty',
    group: 'Search',
    value: { kind: 'number', ...LIMITS.tagRepeatPenalty },
    option: 'tagRepeatPenalty',
    help: "How much less likely a tag's word is once the caption has said it; 0 is off.",
  },
  {
    name: 'prompt',
    short: 'p',
    group: 'Search',
    value: text('TEXT'),
    option: 'prompt',
    help: 'For models that take a prompt: short (the default), detailed, long, or a text of your own.',
  },
  {
    name: 'prefix',
    group: 'Search',
    value: text('WORDS'),
    option: 'prefix',
    help: 'Words that the caption starts with.',
  },
  {
    name: 'ban',
    group: 'Search',
    value: text('WORD'),
    option: 'bannedWords',
    repeatable: true,
    help: 'A word or phrase that must not appear. May be repeated.',
  },

  {
    name: 'sample',
    group: 'Sampling',
    value: SWITCH,
    option: 'sample',
    help: 'Sample words by their probability instead of searching for the best caption.',
  },
  {
    name: 'temperature',
    group: 'Sampling',
    value: { kind: 'number', ...LIMITS.temperature },
    option: 'temperature',
    help: 'Below 1 safer, above 1 bolder. Default 1.',
  },
  {
    name: 'top-k',
    group: 'Sampling',
    value: { kind: 'integer', ...LIMITS.topK },
    option: 'topK',
    help: 'Sample among this many best words; 0 is all. Default 0.',
  },
  {
    name: 'top-p',
    group: 'Sampling',
    value: { kind: 'number', ...LIMITS.topP },
    option: 'topP',
    help: 'Sample among the best words that together have this probability. Default 1.',
  },
  {
    name: 'seed',
    group: 'Sampling',
    value: { kind: 'integer', ...LIMITS.seed },
    option: 'seed',
    help: 'The same seed gives the same captions. Default 0.',
  },

  {
    name: 'attention',
    group: 'Attention',
    value: text('FILE'),
    help: 'Write maps of where the model looked for each word: a .png picture or an .html page. For several photos name a folder ending in /, or a pattern with {name}.',
  },

  {
    name: 'model',
    short: 'm',
    group: 'Model',
    value: text('FOLDER'),
    help: 'Another model: its folder\'s path or http(s) address, or owner/name of one that "zipcaption models pull" downloaded. Default: the embedded one.',
  },
  {
    name: 'dtype',
    group: 'Model',
    value: { kind: 'choice', choices: DTYPES },
    help: 'Number format, for Hugging Face folders with several. Default: the first that is available.',
  },
  {
    name: 'runtime',
    group: 'Model',
    value: { kind: 'choice', choices: RUNTIMES },
    help: 'Runtime: engine (built in), web (onnxruntime-web) or node (native; install onnxruntime-node first). Default: engine for every model that it can run, otherwise web.',
  },
  {
    name: 'threads',
    group: 'Model',
    value: { kind: 'integer', ...LIMITS.threads },
    help: 'Threads of one run of the network, with --runtime web or node. Default 1.',
  },
  {
    name: 'jobs',
    short: 'j',
    group: 'Model',
    value: { kind: 'integer', ...LIMITS.concurrency },
    help: 'Photos captioned in parallel, each on a thread with its own copy of the model. Default: by the number of photos and cores, at most 4.',
  },

  {
    name: 'help',
    short: 'h',
    group: 'Other',
    value: SWITCH,
    help: 'Print this help.',
  },
  {
    name: 'version',
    short: 'V',
    group: 'Other',
    value: SWITCH,
    help: 'Print the version.',
  },
] as const satisfies readonly Flag[];

type ValueOf<F extends Flag> = F['value'] extends { kind: 'switch' }
  ? true
  : F['value'] extends { kind: 'count' }
    ? number | true
    : F['value'] extends { kind: 'text' }
      ? string
      : F['value'] extends { kind: 'choice'; choices: readonly (infer Choice)[] }
        ? Choice
        : number;

/** The values of the flags on a command line; flags that were not used are absent. */
export type ValuesOf<Table extends readonly Flag[]> = {
  readonly [F in Table[number] as F['name']]?: F extends { repeatable: true }
    ? readonly ValueOf<F>[]
    : ValueOf<F>;
};

export type FlagName = (typeof FLAGS)[number]['name'];

/** A flag of the caption command, for another command that has the same flag. */
export function captionFlag<Name extends FlagName>(
  name: Name,
): Extract<(typeof FLAGS)[number], { name: Name }> {
  const flag = FLAGS.find((each) => each.name === name);
  if (!flag) throw new Error(`There is no flag --${name}.`);
  // Found by that very name.
  return flag as Extract<(typeof FLAGS)[number], { name: Name }>;
}

/** The values of the flags of the caption command. */
export type FlagValues = ValuesOf<typeof FLAGS>;
