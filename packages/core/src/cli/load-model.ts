import { type Captioner, type LoadOptions, type LoadProgress, loadCaptioner } from '../index.js';
import type { CaptionSettings } from './caption-settings.js';
import { renderDownload } from './progress.js';
import type { Terminal } from './terminal.js';

type ModelSettings = Pick<CaptionSettings, 'model' | 'dtype' | 'runtime' | 'threads' | 'quiet'>;

/**
 * Loads the model that the settings name; a download is shown on standard error.
 *
 * @param workers threads with a copy of the model each; without them it runs on this thread
 * @throws CaptionError as `loadCaptioner` does
 */
export async function loadModel(
  { model, dtype, runtime, threads, quiet }: ModelSettings,
  terminal: Terminal,
  signal: AbortSignal,
  workers?: number,
): Promise<Captioner> {
  const isDownload = model !== undefined && /^https?:/i.test(model);
  const options: LoadOptions = {
    signal,
    ...(workers !== undefined && { workers }),
    ...(model !== undefined && { model }),
    ...(dtype !== undefined && { dtype }),
    ...(threads !== undefined && { threads }),
    ...(runtime !== undefined && { runtime }),
    ...(isDownload && !quiet && { onProgress: (progress) => show(progress, terminal) }),
  };
  // Without a terminal, one line replaces the progress: a long silence looks like a hang.
  if (isDownload && !quiet && !terminal.live) {
    await terminal.note(`zipcaption: loading the model from ${model}`);
  }
  try {
    return await loadCaptioner(options);
  } finally {
    terminal.status('');
  }
}

function show(progress: LoadProgress, terminal: Terminal): void {
  const { columns, colour } = terminal;
  terminal.status(renderDownload(progress, { columns, colour }));
}
