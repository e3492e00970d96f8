import type { PhotoText, PromptSpec } from '../prompt.js';
import { type ChatFiles, chatTemplate } from './chat.js';
import type { Fields } from './fields.js';

/** The folder's files that say how a model is asked. */
export interface FolderFiles {
  readonly preprocessing: Fields;
  /** `processor_config.json`, where there is one. */
  readonly processor: Fields | undefined;
  readonly chat: ChatFiles;
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
  readonly prompt?: (files: FolderFiles) => Promise<PromptSpec>;
}

export type Layout = 'encoder-decoder' | 'text-encoder' | 'decoder-only';

const idefics: Family = {
  layout: 'decoder-only',
  textConfig: 'text_config',
  prompt: (files) => chatPrompt(files, { joint: '', photo: ideficsPhoto }),
};
const llava = (joint: string): Family => ({
  layout: 'decoder-only',
  textConfig: 'text_config',
  prompt: (files) => chatPrompt(files, { joint, photo: llavaPhoto }),
});

const lfm2: Family = {
  layout: 'decoder-only',
  textConfig: 'text_config',
  prompt: (files) => chatPrompt(files, { joint: '', photo: (mark) => lfm2Photo(mark, files) }),
};

/** By `model_type`. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  'vision-encoder-decoder': { layout: 'encoder-decoder', textConfig: 'decoder' },
  florence2: { layout: 'text-encoder', textConfig: 'text_config', prompt: florencePrompt },
  idefics3: idefics,
  smolvlm: idefics,
  llava: llava('\n'),
  llava_onevision: llava('\n'),
  llava_qwen2: llava(''),
  lfm2_vl: lfm2,
  // As transformers 4 writes it.
  'lfm2-vl': lfm2,
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
async function florencePrompt({ preprocessing }: FolderFiles): Promise<PromptSpec> {
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

/** Models that chat are asked in plain words. */
async function chatPrompt(
  { processor, chat }: FolderFiles,
  { joint, photo }: { joint: string; photo: (mark: string) => PhotoText },
): Promise<PromptSpec> {
  const mark = processor?.text('image_token') ?? '<image>';
  const { short, detailed, long } = LENGTHS;
  return {
    tasks: {
      short: { text: 'Describe this image in one short sentence.', maxLength: short },
      detailed: { text: 'Describe this image in detail.', maxLength: detailed },
      long: { text: 'Describe this image in a long paragraph with every detail.', maxLength: long },
    },
    default: 'short',
    ...(await chatTemplate(chat, mark, joint)),
    photo: photo(mark),
    maxLength: detailed,
  };
}

const llavaPhoto = (token: string): PhotoText => ({ token, whole: '{features}' });

/** Tiles row by row, a line break after each row, then the whole; a mark of its own around each. */
function ideficsPhoto(token: string): PhotoText {
  const around = '<fake_token_around_image>';
  const whole = `${around}<global-img>{features}${around}`;
  return {
    token,
    whole,
    tile: `${around}<row_{row}_col_{column}>{features}`,
    rowEnd: '\n',
    overview: `\n${whole}`,
  };
}

/** Tiles row by row, then the whole with a mark before it; a mark before and after all of it. */
function lfm2Photo(token: string, { processor, chat }: FolderFiles): PhotoText {
  const files = [processor, ...chat.others];
  const mark = (key: string, fallback: string) =>
    files.map((file) => file?.values[key]).find((value) => typeof value === 'string') ?? fallback;
  return {
    token,
    whole: '{features}',
    tile: '<|img_row_{row}_col_{column}|>{features}',
    overview: `${mark('image_thumbnail', '<|img_thumbnail|>')}{features}`,
    before: mark('image_start_token', '<|image_start|>'),
    after: mark('image_end_token', '<|image_end|>'),
  };
}
