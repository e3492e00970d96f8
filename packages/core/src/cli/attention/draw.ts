import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeImage } from '../../image/decode.js';
import { inWholeLevels } from '../../image/levels.js';
import type { DecodeLimits } from '../../image/types.js';
import { CaptionError, type CaptionResult, type ImageInput, type Size } from '../../index.js';
import { attentionPage } from './page.js';
import { type AttentionDrawing, drawPicture } from './picture.js';
import { encodePng } from './png.js';

export interface AttentionFile {
  readonly kind: 'png' | 'html';
  /** Where it is written; folders on the way are made. */
  readonly path: string;
  /** What the photo is called. */
  readonly name: string;
}

/** Enough for the picture and for the page. */
const DRAWN_SIDE = 1280;

/**
 * Draws a photo's attention maps to a file.
 *
 * @param input  what was captioned: a path or a file's bytes
 * @param result its caption, with attention
 * @throws CaptionError `MODEL_UNSUPPORTED` when the model gives no attention, `INVALID_OPTION` when
 *   the file cannot be written
 */
export async function drawAttention(
  input: ImageInput,
  result: CaptionResult,
  { kind, path, name }: AttentionFile,
  limits: DecodeLimits,
): Promise<void> {
  if (!result.attention) {
    throw new CaptionError(
      'MODEL_UNSUPPORTED',
      `--attention: the model ${result.model.name} gives no attention maps. Omit the flag, or use another model.`,
    );
  }
  const photo = await decodeImage(await bytesOf(input), {
    ...limits,
    orientation: true,
    interpolateColour: true,
    minimumSize: smallerSide,
  });
  const drawing: AttentionDrawing = {
    photo: inWholeLevels(photo),
    caption: result.text,
    facts: `${Math.round(result.confidence * 100)} % confident  ·  model ${result.model.name} ${result.model.version}`,
    words: result.attention,
  };
  const file =
    kind === 'html'
      ? attentionPage(name, drawing)
      : encodePng({ ...drawPicture(drawing), channels: 3 });
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('INVALID_OPTION', `--attention: ${path} cannot be written: ${why}.`, {
      cause,
    });
  }
}

/** A decoder may shrink a large photo to this. */
function smallerSide({ width, height }: Size): Size {
  const scale = Math.min(1, DRAWN_SIDE / Math.max(width, height));
  return { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
}

async function bytesOf(input: ImageInput): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input;
  if (typeof input === 'string' || input instanceof URL) return readFile(input);
  throw new CaptionError('INVALID_INPUT', 'Attention is drawn on files only.');
}
