import type { CaptionError, CaptionTimings } from '../index.js';
import type { CaptionSettings } from './caption-settings.js';
import type { SourceOutcome } from './caption-sources.js';
import type { OutputFormat } from './formats/format.js';
import { outputFormat } from './formats/formats.js';
import { type PhotoReport, reportOf } from './formats/report.js';
import { printable } from './formats/text.js';
import { renderProgress } from './progress.js';
import { inFlags } from './speak-flags.js';
import type { Terminal } from './terminal.js';
import { medianTimings, timingsLine } from './timings.js';

/** Interval for redrawing the progress line between photos, so that its times are current. */
const TICK_MS = 500;

/** Prints the outcomes of the photos one by one: captions to stdout, everything else to stderr. */
export class Printer {
  readonly #format: OutputFormat;
  readonly #timings: CaptionTimings[] = [];
  readonly #ticking: NodeJS.Timeout;
  #begunAt: number | undefined;
  #open = false;
  #done = 0;
  #failed = 0;

  /** @param photos how many there will be */
  constructor(
    private readonly terminal: Terminal,
    private readonly settings: CaptionSettings,
    private readonly photos: number,
  ) {
    this.#format = outputFormat(settings.format, {
      photos,
      captions: settings.alternatives ? (settings.options.numCaptions ?? 1) : 1,
      tags: settings.tags,
      timings: settings.timings,
    });
    this.#ticking = setInterval(() => this.#showProgress(), TICK_MS);
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
    await this.#openOutput();
    await this.terminal.print(this.#format.photo(report));
    this.#done++;
    if (report.error || drawing) this.#failed++;
    for (const wrong of [report.error, drawing]) {
      if (wrong) {
        await this.terminal.note(
          printable(`zipcaption: ${name}: ${wrong.message} (${wrong.code})`),
        );
      }
    }
    if (outcome.result) await this.#aside(name, outcome.result.timings, outcome.result.warnings);
    this.#showProgress();
  }

  /** Ends the output: closes the JSON array, also after an early stop. */
  async end(): Promise<void> {
    this.stop();
    await this.#openOutput();
    await this.terminal.print(this.#format.tail());
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
    this.#timings.push(timings);
    await this.note(`${name}: ${timingsLine(timings)}`);
  }

  #showProgress(): void {
    if (this.#begunAt === undefined || this.settings.quiet || this.photos < 2) return;
    const state = {
      done: this.#done,
      failed: this.#failed,
      total: this.photos,
      elapsedMs: performance.now() - this.#begunAt,
    };
    const { columns, colour } = this.terminal;
    this.terminal.status(renderProgress(state, { columns, colour }));
  }
}
