import type { PromptSpec } from '../prompt.js';
import type { Fields } from './fields.js';

/** The folder's JSON files that a family may read. */
export interface FolderFiles {
  readonly config: Fields;
  readonly preprocessing: Fields;
}

/** What the kinds of Hugging Face model differ in, as far as their configuration files don't tell it. */
export interface Family {
  /**
   * Its networks: an encoder and a decoder; the four of a model whose text encoder reads the prompt;
   * or the three of one whose decoder does.
   */
  readonly layout: Layout;
  /** Where `config.json` keeps what concerns the words. */
  readonly textConfig: string;
  readonly prompt?: (files: FolderFiles) => PromptSpec;
}

export type Layout = 'encoder-decoder' | 'text-encoder' | 'decoder-only';

/** By `model_type`. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  'vision-encoder-decoder': { layout: 'encoder-decoder', textConfig: 'decoder' },
  florence2: { layout: 'text-encoder', textConfig: 'text_config', prompt: florencePrompt },
};

/** Room for a sentence, for several, for a paragraph. */
const LENGTHS = { short: 40, detailed: 120, long: 300 } as const;

/** The processor's own texts in transformers, where the folder gives none. */
const FLORENCE_TASKS: Readonly<Record<string, string>> = {
  '<CAPTION>': 'What does the image describe?',
  '<DETAILED_CAPTION>': 'Describe in detail what is shown in the image.',
  '<MORE_DETAILED_CAPTION>': 'Describe with a paragraph what is shown in the image.',
};

/** Florence-2 was trained on one text for each task; its features stand before the prompt. */
function florencePrompt({ preprocessing }: FolderFiles): PromptSpec {
  const given = preprocessing.object('task_prompts_without_inputs');
  const texts = { ...FLORENCE_TASKS, ...textsOf(given) };
  const task = (name: string, maxLength: number) => ({ text: texts[name] ?? name, maxLength });
  const { short, detailed, long } = LENGTHS;
  return {
    tasks: {
      ...Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, { text, maxLength: long }]),
      ),
      '<CAPTION>': task('<CAPTION>', short),
      '<DETAILED_CAPTION>': task('<DETAILED_CAPTION>', detailed),
      short: task('<CAPTION>', short),
      detailed: task('<DETAILED_CAPTION>', detailed),
      long: task('<MORE_DETAILED_CAPTION>', long),
    },
    default: 'short',
    template: '{prompt}',
    maxLength: detailed,
  };
}

function textsOf(fields: Fields | undefined): Record<string, string> {
  if (!fields) return {};
  const entries = Object.keys(fields.values).map((key) => [key, fields.text(key)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => !!entry[1]));
}
