import type { CaptionError, CaptionTimings } from '../index.js';
import type { CaptionSettings } from './caption-settings.js';
import type { SourceOutcome } from './caption-sources.js';
import type { OutputFormat } from './formats/format.js';
import { outputFormat } from './formats/formats.js';
import { type PhotoReport, reportOf } from './formats/report.js';
import { printable } from './formats/text.js';
import { type ProgressState, progressFacts, renderProgress } from './progress.js';
import { inFlags } from './speak-flags.js';
import type { Terminal } from './terminal.js';
import { medianTimings, timingsLine } from './timings.js';

/** Interval for redrawing the progress line between photos, so that its times are current. */
const TICK_MS = 500;
/** How often progress is told in a log, where there is no line to draw. */
const LOG_MS = 60_000;

/** Photos whose timings are kept for the median, so that memory does not grow with a million. */
const MOST_TIMINGS = 10_000;

/** How many photos there are to be printed. */
export interface Expected {
  /** All of them; nothing while they are still being found. */
  readonly photos: number | undefined;
  /** Of them, those that an earlier run did. */
  readonly before?: number;
}

export interface PrinterOptions {
  /** Captions go to standard output. Default true. */
  readonly prints?: boolean;
  /** Without a terminal progress is told by a line a minute. Default false. */
  readonly logs?: boolean;
}

/** Prints the outcomes of the photos one by one: captions to stdout, everything else to stderr. */
export class Printer {
  readonly #format: OutputFormat;
  readonly #timings: CaptionTimings[] = [];
  readonly #ticking: NodeJS.Timeout;
  readonly #prints: boolean;
  readonly #logs: boolean;
  #begunAt: number | undefined;
  #loggedAt = performance.now();
  #open = false;
  #done = 0;
  #failed = 0;

  /** @param expected how many there will be; looked at whenever progress is shown */
  constructor(
    private readonly terminal: Terminal,
    private readonly settings: CaptionSettings,
    private readonly expected: Expected,
    { prints = true, logs = false }: PrinterOptions = {},
  ) {
    this.#prints = prints;
    this.#logs = logs;
    this.#format = outputFormat(settings.format, {
      photos: expected.photos,
      captions: settings.alternatives ? (settings.options.numCaptions ?? 1) : 1,
      tags: settings.tags,
      timings: settings.timings,
    });
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Photos told of, failed ones included. */
  get done(): number {
    return this.#done;
  }

  get failed(): number {
    return this.#failed;
  }

  /** A line for people; not with --quiet. */
  async note(line: string): Promise<void> {
    if (!this.settings.quiet) await this.terminal.note(printable(`zipcaption: ${line}`));
  }

  /** The model is there: from now on the photos' progress is shown. */
  begin(): void {
    this.#begunAt = performance.now();
    this.terminal.status('');
    this.#showProgress();
  }

  /** @param drawing why its attention could not be drawn */
  async photo(outcome: SourceOutcome, drawing?: CaptionError): Promise<void> {
    const { name } = outcome.source;
    const report: PhotoReport = outcome.error
      ? { file: name, error: inFlags(outcome.error) }
      : reportOf(name, outcome.result, this.settings);
    await this.report(report, drawing);
  }

  /** @param drawing why its attention could not be drawn */
  async report(report: PhotoReport, drawing?: CaptionError): Promise<void> {
    if (this.#prints) {
      await this.#openOutput();
      await this.terminal.print(this.#format.photo(report));
    }
    this.#done++;
    if (report.error || drawing) this.#failed++;
    for (const wrong of [report.error, drawing]) {
      if (wrong) await this.failure(report.file, wrong);
    }
    if (!report.error) {
      await this.#aside(report.file, report.result.timings, report.result.warnings);
    }
    this.#showProgress();
  }

  /** Says what went wrong, with --quiet, too. */
  async failure(name: string, { message, code }: CaptionError): Promise<void> {
    await this.terminal.note(printable(`zipcaption: ${name}: ${message} (${code})`));
  }

  /** Ends the output: closes the JSON array, also after an early stop. */
  async end(): Promise<void> {
    this.stop();
    if (this.#prints) {
      await this.#openOutput();
      await this.terminal.print(this.#format.tail());
    }
    if (this.settings.timings && this.#timings.length > 1) {
      const median = timingsLine(medianTimings(this.#timings));
      await this.note(`median of ${this.#timings.length}: ${median}`);
    }
  }

  /** Ends the output. Closes a JSON array that was begun. */
  async fail(): Promise<void> {
    this.stop();
    if (this.#open) await this.terminal.print(this.#format.tail());
  }

  /** No more progress is shown. */
  stop(): void {
    clearInterval(this.#ticking);
    this.terminal.status('');
    this.#begunAt = undefined;
  }

  async #openOutput(): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    await this.terminal.print(this.#format.head());
  }

  async #aside(name: string, timings: CaptionTimings, warnings: readonly string[]): Promise<void> {
    for (const warning of warnings) await this.note(`${name}: ${warning}`);
    if (!this.settings.timings) return;
    if (this.#timings.length < MOST_TIMINGS) this.#timings.push(timings);
    await this.note(`${name}: ${timingsLine(timings)}`);
  }

  #showProgress(): void {
    const state = this.#state();
    if (!state) return;
    const { columns, colour } = this.terminal;
    this.terminal.status(renderProgress(state, { columns, colour }));
  }

  #tick(): void {
    this.#showProgress();
    const now = performance.now();
    if (!this.#logs || this.terminal.live || now - this.#loggedAt < LOG_MS) return;
    this.#loggedAt = now;
    const state = this.#state();
    if (state) void this.note(progressFacts(state).join('  ').trimStart());
  }

  /** Nothing where progress is not to be shown. */
  #state(): ProgressState | undefined {
    const { photos, before = 0 } = this.expected;
    if (this.#begunAt === undefined || this.settings.quiet || (photos ?? 2) < 2) return undefined;
    const done = before + this.#done;
    return {
      done,
      before,
      failed: this.#failed,
      // A photo that changed is done twice.
      total: photos === undefined ? undefined : Math.max(photos, done),
      elapsedMs: performance.now() - this.#begunAt,
    };
  }
}
