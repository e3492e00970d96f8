import { CaptionError } from '../../errors.js';
import type { PromptSpec } from '../prompt.js';
import type { Fields } from './fields.js';

/** Where a chat's template may be found; the first that is there counts. */
export interface ChatFiles {
  /** `chat_template.jinja` as it is. */
  readonly jinja?: string;
  /** `chat_template.json`, `processor_config.json`, `tokenizer_config.json`: their `chat_template`. */
  readonly others: readonly Fields[];
}

/** Stands for the text while the template is rendered; no template does anything to it. */
const TEXT = 'zipcaptionprompt';

/**
 * One question about one photo as the model's chat template writes it, up to where the answer starts:
 * `{photo}` stands in it for the photo, `{prompt}` for the text.
 *
 * @param mark what the template writes for a photo: `<image>`
 * @param joint what stands between photo and text where the template takes a message as one text
 * @throws CaptionError `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function chatTemplate(
  files: ChatFiles,
  mark: string,
  joint: string,
): Promise<Pick<PromptSpec, 'template' | 'specialTokens'>> {
  const source = files.jinja ?? templateIn(files.others);
  if (source === undefined) {
    throw new CaptionError(
      'MODEL_INVALID',
      'The model has no chat template, which says how it is asked: chat_template.jinja, chat_template.json or "chat_template" in tokenizer_config.json is missing. Fetch it.',
    );
  }
  const special = files.others.find((file) => file.has('eos_token') || file.has('bos_token'));
  const tokens = {
    bos_token: tokenText(special?.values.bos_token),
    eos_token: tokenText(special?.values.eos_token),
  };
  const parts = [{ type: 'image' }, { type: 'text', text: TEXT }];
  const asked = [
    [{ role: 'user', content: parts }],
    [{ role: 'user', content: `${mark}${joint}${TEXT}` }],
  ];
  let failure: unknown;
  for (const messages of asked) {
    try {
      const text = await render(source, { messages, add_generation_prompt: true, ...tokens });
      if (count(text, mark) === 1 && count(text, TEXT) === 1) {
        // As `apply_chat_template` does: a text that has its first token already gets no other one.
        const isComplete = tokens.bos_token !== '' && text.startsWith(tokens.bos_token);
        return {
          template: text.replace(mark, '{photo}').replace(TEXT, '{prompt}'),
          ...(isComplete && { specialTokens: false }),
        };
      }
    } catch (error) {
      failure = error;
    }
  }
  const why = failure instanceof Error ? failure.message : `its output has no "${mark}"`;
  throw new CaptionError('MODEL_UNSUPPORTED', `The model's chat template cannot be used: ${why}.`, {
    cause: failure,
  });
}

async function render(source: string, values: Record<string, unknown>): Promise<string> {
  const { Template } = await import('@huggingface/jinja');
  return new Template(source).render(values);
}

function templateIn(files: readonly Fields[]): string | undefined {
  for (const { values } of files) {
    const template = values.chat_template;
    if (typeof template === 'string') return template;
    // Several templates, by name: in a list, or in an object.
    const named = Array.isArray(template)
      ? template.find((entry) => entry?.name === 'default')?.template
      : (template as { default?: unknown } | null | undefined)?.default;
    if (typeof named === 'string') return named;
  }
  return undefined;
}

/** A token's text, which the files give as it is or in an object. */
function tokenText(token: unknown): string {
  if (typeof token === 'string') return token;
  const content = (token as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : '';
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
