import { concernsAll } from '../../captioner.js';
import { CaptionError, type Captioner, type CaptionResult } from '../../index.js';
import { inOrder } from '../../pool/in-order.js';
import type { Arguments } from '../arguments.js';
import { refuseWithoutTags } from '../caption.js';
import { type CaptionSettings, captionSettings, defaultJobs } from '../caption-settings.js';
import { type PhotoReport, reportOf } from '../formats/report.js';
import { skipped } from '../inputs.js';
import type { Interruption } from '../interruption.js';
import { loadModel } from '../load-model.js';
import { Printer } from '../printer.js';
import { inFlags } from '../speak-flags.js';
import type { Terminal } from '../terminal.js';
import type { BatchSettings } from './batch-settings.js';
import { batchSources, type SourceReport, type SourceRequest } from './batch-sources.js';
import { countPhotos } from './count-photos.js';
import { commandToGoOn } from './go-on.js';
import { type Job, jobsToDo, type LeftOut } from './jobs-to-do.js';
import { openBatchPhoto } from './open-batch-photo.js';
import { ResultStore } from './result-store.js';

/**
 * Captions the photos that a command line names, however many, and keeps each result as soon as it is
 * there. Photos are found, looked up among the results of an earlier run, and captioned as they come.
 *
 * @returns the exit code: 0 all captioned, 1 some failed, 128 and more stopped by a signal
 * @throws CaptionError what stops all of them: wrong usage, no model, a full disk
 */
export async function batchCommand(
  { flags, operands }: Arguments,
  batch: BatchSettings,
  terminal: Terminal,
  interruption: Interruption,
): Promise<number> {
  interruption.finishUnderWay();
  const settings = captionSettings(flags);
  const run = new BatchRun(settings, batch, terminal, interruption);
  await run.captionAll({
    operands,
    recursive: settings.recursive,
    filesFrom: batch.filesFrom,
    shard: batch.shard,
  });
  return interruption.exitCode ?? (run.failed > 0 ? 1 : 0);
}

type Outcome = Pick<Job, 'source' | 'state'> &
  (
    | { readonly result: CaptionResult; readonly error?: undefined }
    | { readonly error: CaptionError; readonly result?: undefined }
  );

/** One run of the command line over many photos. */
class BatchRun {
  /** What the progress line counts against; filled in as it becomes known. */
  readonly #expected: { photos: number | undefined; before: number } = {
    photos: undefined,
    before: 0,
  };
  readonly #leftOut: LeftOut = { done: 0, failed: 0, existing: 0 };
  readonly #printer: Printer;
  readonly #jobs: number;
  #missing = 0;
  #captioner: Promise<Captioner> | undefined;

  constructor(
    private readonly settings: CaptionSettings,
    private readonly batch: BatchSettings,
    private readonly terminal: Terminal,
    private readonly interruption: Interruption,
  ) {
    const { prints } = batch;
    this.#printer = new Printer(terminal, settings, this.#expected, { prints, logs: true });
    this.#jobs = settings.jobs ?? defaultJobs(Number.POSITIVE_INFINITY, settings.runtime);
  }

  /** Photos that could not be captioned, and folders and files that are not there. */
  get failed(): number {
    return this.#printer.failed + this.#missing;
  }

  async captionAll(named: Omit<SourceRequest, 'results' | 'sidecars'>): Promise<void> {
    const { stopping } = this.interruption;
    let store: ResultStore | undefined;
    let complete = false;
    stopping.addEventListener('abort', () => void this.#sayThatItStops(), { once: true });
    try {
      store = await ResultStore.open(this.batch, {
        tags: this.settings.tags,
        signal: stopping,
        note: (line) => this.#printer.note(line),
      });
      const sidecars = store.sidecars !== undefined;
      await this.#captionInto(store, { ...named, results: store.files, sidecars });
      complete = !stopping.aborted;
      await this.#printer.end();
    } catch (error) {
      if (!(error instanceof CaptionError) || error.code !== 'ABORTED') {
        await this.#printer.fail();
        if (this.#printer.done > 0) await this.#sayHowToGoOn();
        throw error;
      }
      await this.#printer.end();
    } finally {
      this.#printer.stop();
      await store?.close(complete);
      await (await this.#captioner?.catch(() => undefined))?.dispose();
    }
    await this.#printer.note(this.#summary());
    if (stopping.aborted) await this.#sayHowToGoOn();
  }

  async #captionInto(store: ResultStore, request: SourceRequest): Promise<void> {
    const { signal, stopping } = this.interruption;
    if (!this.settings.quiet) void this.#count(request, store);
    const unread = { count: 0, extensions: new Set<string>() };
    const sources = batchSources(request, this.#sourceReport(unread));
    const jobs = jobsToDo(sources, store, this.batch, this.#leftOut, stopping);
    const work = (job: Job) => this.#caption(job, store);
    // While all workers have a photo, as many more are held ready for them.
    const most = this.#jobs > 1 ? 2 * this.#jobs : 1;
    for await (const outcome of inOrder(jobs, most, work, signal)) {
      const { source, state } = outcome;
      const report: PhotoReport = outcome.error
        ? { file: source.name, error: inFlags(outcome.error) }
        : reportOf(source.name, outcome.result, this.settings);
      const kept = await store.write(source, report, state);
      const { done, failed } = this.#leftOut;
      this.#expected.before = Math.max(this.#expected.before, done + failed);
      await this.#printer.report(kept);
    }
    if (unread.count > 0) await this.#printer.note(skipped(unread.count, unread.extensions));
  }

  /** Never fails but for what concerns all photos. */
  async #caption(job: Job, store: ResultStore): Promise<Outcome> {
    const { source, state } = job;
    if (job.error) return { source, state, error: job.error };
    try {
      // Before the work is done in vain.
      if (source.kind === 'file') await store.sidecars?.prepare(source.path);
      else if (store.sidecars) throw nothingBeside(source.name);
      const { signal } = this.interruption;
      const limits = { ...this.settings, signal, byHash: this.batch.byHash };
      const { input, sha256 } = await openBatchPhoto(source, limits);
      this.#captioner ??= this.#load();
      const captioner = await this.#captioner;
      const result = await captioner.caption(input, { ...this.settings.options, signal });
      const read = state && { ...state, ...(sha256 !== undefined && { sha256 }) };
      return { source, state: read, result };
    } catch (error) {
      if (!(error instanceof CaptionError) || concernsAll(error)) throw error;
      return { source, state, error };
    }
  }

  async #load(): Promise<Captioner> {
    const workers = this.#jobs > 1 ? this.#jobs : undefined;
    const { stopping } = this.interruption;
    const captioner = await loadModel(this.settings, this.terminal, stopping, workers);
    if (this.settings.tags) refuseWithoutTags(captioner);
    this.#printer.begin();
    return captioner;
  }

  async #count(request: SourceRequest, store: ResultStore): Promise<void> {
    const counted = await countPhotos(request, store.known, this.batch, this.interruption.stopping);
    if (!counted) return;
    this.#expected.photos = counted.photos;
    this.#expected.before = Math.max(this.#expected.before, counted.before);
  }

  #sourceReport(unread: { count: number; extensions: Set<string> }): SourceReport {
    return {
      onMissing: async (name, error) => {
        this.#missing++;
        await this.#printer.failure(name, error);
      },
      onUnread: (extension) => {
        unread.count++;
        unread.extensions.add(extension);
      },
    };
  }

  #summary(): string {
    const { done, failed, existing } = this.#leftOut;
    const printer = this.#printer;
    const parts = [
      `${printer.done - printer.failed} captioned`,
      ...(printer.failed > 0 ? [`${printer.failed} failed`] : []),
      ...(done > 0 ? [`${done} done before`] : []),
      ...(failed > 0 ? [`${failed} failed before (--retry-failed retries them)`] : []),
      ...(existing > 0 ? [`${existing} skipped, ${whyLeftAlone(this.batch)}`] : []),
    ];
    return `${parts.join(', ')}.`;
  }

  async #sayThatItStops(): Promise<void> {
    if (this.interruption.exitCode === undefined) return; // Nobody reads the output any more.
    await this.#printer.note('finishing the photos in progress; a second Ctrl-C ends at once.');
  }

  async #sayHowToGoOn(): Promise<void> {
    const { out, sidecar } = this.batch;
    if (out === undefined && sidecar === undefined) return;
    await this.#printer.note(`continue with: ${commandToGoOn(process.argv.slice(2))}`);
  }
}

function whyLeftAlone({ resume }: BatchSettings): string {
  return resume
    ? 'something else has the name of their sidecar (--overwrite replaces it)'
    : 'they have a sidecar (see --resume, --overwrite)';
}

function nothingBeside(name: string): CaptionError {
  return new CaptionError(
    'INVALID_OPTION',
    `--sidecar writes beside a photo's file, and ${name} is none. Use --out.`,
  );
}
