import { CaptionError } from '../errors.js';
import { LIMITS } from '../limits.js';
import type { CaptionTokenizer } from '../text/tokenizer.js';
import { boolean, integer, object, oneOf, optional, record, string } from './schema.js';

/** A named prompt. */
export interface PromptTask {
  readonly text: string;
  /** Default of `maxLength` for this task. */
  readonly maxLength?: number;
}

/**
 * The text that stands for a photo in a prompt. `{features}` is the photo's token, once for each of
 * the encoder's features; `{row}` and `{column}` count from 1.
 */
export interface PhotoText {
  /** The token whose embedding a feature takes the place of, `<image>` for instance. */
  readonly token: string;
  /** A photo in one piece. */
  readonly whole: string;
  /** A photo in tiles: each of them, what ends a row of them, and the view of the whole after them. */
  readonly tile?: string;
  readonly rowEnd?: string;
  readonly overview?: string;
  /** Text before and after all of it. */
  readonly before?: string;
  readonly after?: string;
}

/** The prompts of a model that takes one. */
export interface PromptSpec {
  /** By name: `short`, `detailed`, `long`, and further tasks of the model. */
  readonly tasks: Readonly<Record<string, PromptTask>>;
  /** The default task. */
  readonly default: string;
  /**
   * The model's text around a prompt, with `{prompt}` for the prompt and `{photo}` for the photo.
   * Without `{photo}`, the photo's features precede the prompt.
   */
  readonly template: string;
  /** False: the template has the tokens that the tokenizer puts around every text. Default true. */
  readonly specialTokens?: boolean;
  readonly photo?: PhotoText;
  /** Default of `maxLength` for a text of the caller's own. */
  readonly maxLength?: number;
  /** Most positions of the photo and the prompt together. */
  readonly maxPositions?: number;
}

/** The tiles of a photo, and the number of features of each piece, in order. */
export interface PhotoPieces {
  readonly rows: number;
  readonly columns: number;
  readonly features: readonly number[];
}

/** The task of a prompt: a named one, or one made of the caller's text. */
export function findTask(spec: PromptSpec, prompt: string | undefined): PromptTask {
  const name = prompt ?? spec.default;
  const task = Object.hasOwn(spec.tasks, name) ? spec.tasks[name] : undefined;
  if (task) return task;
  return { text: name, ...(spec.maxLength !== undefined && { maxLength: spec.maxLength }) };
}

/** The tokens of a prompt with the photo in it. */
export function promptTokens(
  spec: PromptSpec,
  prompt: string | undefined,
  pieces: PhotoPieces,
  tokenizer: CaptionTokenizer,
): number[] {
  // Some chat templates remove spaces around it, but a template has been rendered before it is known.
  const text = findTask(spec, prompt).text.trim();
  // Marks for the photo are removed from the caller's text: only the template may place the photo.
  const words = spec.photo ? withoutMark(text, spec.photo.token) : text;
  const parts = spec.template.split('{photo}').map((part) => part.split('{prompt}').join(words));
  const photo = spec.photo ? photoText(spec.photo, pieces) : '';
  return tokenizer.encodeText(parts.join(photo), { specialTokens: spec.specialTokens ?? true });
}

/** Removing a mark may put the parts of another one together. */
function withoutMark(text: string, mark: string): string {
  let rest = text;
  while (rest.includes(mark)) rest = rest.split(mark).join('');
  return rest;
}

/**
 * @param positions of the photo and the prompt together
 * @throws CaptionError `INVALID_OPTION`
 */
export function checkPositions({ maxPositions }: PromptSpec, positions: number): void {
  if (maxPositions === undefined || positions <= maxPositions) return;
  throw new CaptionError(
    'INVALID_OPTION',
    `The photo and the option "prompt" take ${positions} positions together, and the model has ${maxPositions}. Use a shorter prompt; if the model cuts photos into tiles, a smaller "size" in preprocessor_config.json makes fewer of them.`,
  );
}

function photoText(photo: PhotoText, { rows, columns, features }: PhotoPieces): string {
  const say = (text: string, index: number) =>
    text.split('{features}').join(photo.token.repeat(features[index] ?? 0));
  const { before = '', after = '' } = photo;
  if (rows * columns <= 1) return before + say(photo.whole, 0) + after;
  let tiles = '';
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      tiles += say(photo.tile ?? '{features}', row * columns + column)
        .replace('{row}', String(row + 1))
        .replace('{column}', String(column + 1));
    }
    tiles += photo.rowEnd ?? '';
  }
  const overview = features.length > rows * columns ? (photo.overview ?? '{features}') : '';
  return before + tiles + say(overview, rows * columns) + after;
}

/** @throws CaptionError `MODEL_INVALID` */
export function readPrompt(json: unknown): PromptSpec {
  const p = object(json, 'prompt', [
    'tasks',
    'default',
    'template',
    'specialTokens',
    'photo',
    'maxLength',
    'maxPositions',
  ]);
  const length = (value: unknown, path: string) => integer(value, path, LIMITS.maxLength);
  const tasks = record(p.tasks, 'prompt.tasks', (value, path): PromptTask => {
    const task = object(value, path, ['text', 'maxLength']);
    return {
      text: string(task.text, `${path}.text`),
      ...optional(task, path, 'maxLength', length),
    };
  });
  return {
    tasks,
    default: oneOf(p.default as string, 'prompt.default', Object.keys(tasks)),
    template: string(p.template, 'prompt.template'),
    ...optional(p, 'prompt', 'specialTokens', boolean),
    ...optional(p, 'prompt', 'photo', readPhoto),
    ...optional(p, 'prompt', 'maxLength', length),
    ...optional(p, 'prompt', 'maxPositions', (value, path) =>
      integer(value, path, { min: 1, max: 10_000_000 }),
    ),
  };
}

function readPhoto(json: unknown, path: string): PhotoText {
  const optionalTexts = ['tile', 'rowEnd', 'overview', 'before', 'after'] as const;
  const photo = object(json, path, ['token', 'whole', ...optionalTexts]);
  return {
    token: string(photo.token, `${path}.token`),
    whole: string(photo.whole, `${path}.whole`),
    ...Object.assign({}, ...optionalTexts.map((key) => optional(photo, path, key, string))),
  };
}
