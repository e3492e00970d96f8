import { CaptionError, type Captioner } from '../index.js';
import type { Arguments } from './arguments.js';
import { attentionPaths } from './attention/target.js';
import { type CaptionSettings, captionSettings, defaultJobs } from './caption-settings.js';
import { captionSources, type SourceOutcome } from './caption-sources.js';
import { findInputs } from './inputs.js';
import type { Interruption } from './interruption.js';
import { loadModel } from './load-model.js';
import { Printer } from './printer.js';
import type { Terminal } from './terminal.js';

/**
 * Captions the photos that a command line names, and prints them as it says.
 *
 * @returns the exit code: 0 all captioned, 1 some failed
 * @throws CaptionError what stops all of them: wrong usage, no model, `ABORTED`
 */
export async function captionCommand(
  { flags, operands }: Arguments,
  terminal: Terminal,
  { signal }: Interruption,
): Promise<number> {
  const settings = captionSettings(flags);
  const { sources, notes } = await findInputs(operands, settings);
  const drawings = settings.attention && attentionPaths(settings.attention, sources);
  const concurrency = settings.jobs ?? defaultJobs(sources.length, settings.runtime);
  const printer = new Printer(terminal, settings, { photos: sources.length });
  let captioner: Captioner | undefined;
  const load = async () => {
    captioner = await loadModel(settings, terminal, signal);
    if (settings.tags) refuseWithoutTags(captioner);
    printer.begin();
    return captioner;
  };

  try {
    for (const note of notes) await printer.note(note);
    let place = 0;
    const options = { ...settings.options, concurrency, signal };
    for await (const outcome of captionSources(sources, load, options, { ...settings, signal })) {
      // An invalid option fails every photo.
      if (outcome.error?.code === 'INVALID_OPTION') throw outcome.error;
      await printer.photo(outcome, await draw(outcome, drawings?.[place++], settings));
    }
    await printer.end();
  } catch (error) {
    if (error instanceof CaptionError && error.code === 'ABORTED') await printer.end();
    else await printer.fail();
    throw error;
  } finally {
    printer.stop();
    await captioner?.dispose();
  }
  return printer.failed > 0 ? 1 : 0;
}

/** --tags without a number sets no option, so the library cannot refuse it for models without tags. */
export function refuseWithoutTags({ model }: Captioner): void {
  if (model.encoder.tags) return;
  throw new CaptionError(
    'INVALID_OPTION',
    `--tags cannot be used: the model "${model.name}" gives no tags. Omit it, or use a model whose manifest has encoder.tags.`,
  );
}

/** Draws a photo's attention maps for --attention; returns the error if that fails. */
async function draw(
  outcome: SourceOutcome,
  path: string | undefined,
  { attention, maxBytes, maxPixels }: CaptionSettings,
): Promise<CaptionError | undefined> {
  if (!attention || !path || outcome.error) return undefined;
  const { source, input, result } = outcome;
  // Loaded only for --attention.
  const { drawAttention } = await import('./attention/draw.js');
  try {
    const file = { kind: attention.kind, path, name: source.name };
    await drawAttention(input, result, file, { maxBytes, maxPixels });
    return undefined;
  } catch (error) {
    if (error instanceof CaptionError) return error;
    throw error;
  }
}
