import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CaptionError } from '../../index.js';
import { photoObject } from '../formats/json.js';
import type { PhotoReport } from '../formats/report.js';
import { captionLines } from '../formats/text.js';
import { Lock } from '../lock.js';
import { stopsEverything } from '../write-failure.js';
import type { BatchSettings } from './batch-settings.js';
import type { BatchSource } from './batch-sources.js';
import { OutFile } from './out-file.js';
import type { PhotoState } from './photo-state.js';
import { ResultIndex, type Standing } from './result-index.js';
import { readResults } from './result-lines.js';
import { Sidecars } from './sidecars.js';

interface StoreOptions {
  /** Show tags? */
  readonly tags: boolean;
  readonly note: (line: string) => Promise<void>;
  /** Stops the reading of earlier results. */
  readonly signal: AbortSignal;
}

/** Where results are kept: lines of a file, files beside the photos, or both. */
export class ResultStore {
  #wasUnreadable = false;

  private constructor(
    private readonly settings: BatchSettings,
    private readonly options: StoreOptions,
    private readonly index: ResultIndex,
    private readonly out: OutFile | undefined,
    private readonly lock: Lock | undefined,
    readonly sidecars: Sidecars | undefined,
  ) {}

  /**
   * Opens the file of `--out` and reads what is in it under `--resume`.
   *
   * @throws CaptionError `INVALID_OPTION` when it exists and nobody said what to do with it, or holds
   *   something else; `WRITE_FAILED` when it cannot be written or another process does so
   */
  static async open(settings: BatchSettings, options: StoreOptions): Promise<ResultStore> {
    const index = new ResultIndex();
    const sidecars = settings.sidecar && new Sidecars(settings.sidecar);
    if (settings.out === undefined) {
      return new ResultStore(settings, options, index, undefined, undefined, sidecars);
    }
    // Two names of one file are one file.
    const path = await realpath(settings.out).catch(() => resolve(settings.out ?? ''));
    const special = await stat(path).catch(() => undefined);
    if (special && !special.isFile()) {
      if (settings.resume && !special.isDirectory()) {
        throw new CaptionError(
          'INVALID_OPTION',
          `--resume needs a file that can be read again, which ${settings.out} is not.`,
        );
      }
      const out = await OutFile.open(path, 0);
      return new ResultStore(settings, options, index, out, undefined, sidecars);
    }
    const lock = await Lock.take(path, { onWait: options.note, signal: options.signal });
    try {
      // Looked at only now: another process may have written it until the lock was free.
      const found = await stat(path).catch(() => undefined);
      const isUndecided = !settings.resume && !settings.overwrite;
      if (found && found.size > 0 && isUndecided) throw exists(settings);
      const before = settings.resume && found ? await readIndex(path, index, options) : undefined;
      const out = await OutFile.open(path, before?.length ?? 0);
      const store = new ResultStore(settings, options, index, out, lock, sidecars);
      if (before?.needsLineFeed) await out.append('\n');
      store.#wasUnreadable = (before?.unreadable ?? 0) > 0;
      return store;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Photos that an earlier run left a line of. */
  get known(): ResultIndex {
    return this.index;
  }

  /** Files that are no photos, though they may lie among them. */
  get files(): string[] {
    return this.out ? [this.out.path, `${this.out.path}.lock`] : [];
  }

  /** Does a photo's SHA-256 have to be known to tell whether it has changed? */
  needsHash(source: BatchSource): boolean {
    if (!this.settings.byHash || !this.settings.resume) return false;
    return this.index.hasHash(source.name) || this.settings.sidecar === 'json';
  }

  async lookUp(source: BatchSource, state: PhotoState | undefined): Promise<Standing> {
    const { resume, overwrite, out } = this.settings;
    const beside =
      this.sidecars && source.kind === 'file' && state && !overwrite
        ? await this.sidecars.lookUp(source.path, state)
        : undefined;
    if (beside === 'exists') return 'exists';
    if (!resume) return beside === undefined || beside === 'new' ? 'new' : 'exists';
    if (out === undefined) return beside ?? 'new';
    const line = this.index.lookUp(source.name, state);
    // Of a photo that failed there is no text beside it.
    return line === 'done' && beside !== undefined ? beside : line;
  }

  /**
   * Keeps the result of one photo.
   *
   * @returns what was kept: an error where the photo's sidecar could not be written
   * @throws CaptionError `WRITE_FAILED` when no further result can be written either
   */
  async write(
    source: BatchSource,
    given: PhotoReport,
    state: PhotoState | undefined,
  ): Promise<PhotoReport> {
    let report = given;
    try {
      await this.#writeSidecar(source, report, state);
    } catch (error) {
      if (!(error instanceof CaptionError) || stopsEverything(error)) throw error;
      report = { file: source.name, error };
    }
    // The line comes last: whoever finds it finds the sidecar, too.
    await this.out?.append(`${JSON.stringify(this.#object(report, state))}\n`);
    if (this.out) this.index.add(source.name, state, report.error !== undefined);
    return report;
  }

  async #writeSidecar(
    source: BatchSource,
    report: PhotoReport,
    state: PhotoState | undefined,
  ): Promise<void> {
    // What could not be written needs no second try to say so.
    if (!this.sidecars || source.kind !== 'file' || report.error?.code === 'WRITE_FAILED') return;
    if (this.sidecars.kind === 'json') {
      const text = JSON.stringify(this.#object(report, state), null, 2);
      await this.sidecars.write(source.path, `${text}\n`, state);
    } else if (!report.error) {
      await this.sidecars.write(source.path, captionLines(report, this.options), state);
    }
  }

  #object(report: PhotoReport, state: PhotoState | undefined): Readonly<Record<string, unknown>> {
    return { ...photoObject(report, this.options), ...(state && { source: state }) };
  }

  /**
   * @param complete nothing is left to do, so that lines which were replaced can go
   * @throws CaptionError `WRITE_FAILED` when the disk did not take what was written
   */
  async close(complete: boolean): Promise<void> {
    try {
      const hasOld = this.index.superseded > 0 || this.#wasUnreadable;
      await this.out?.close();
      if (complete && hasOld && this.out?.isRegular) await this.#compact(this.out);
    } finally {
      this.lock?.release();
    }
  }

  async #compact(out: OutFile): Promise<void> {
    try {
      await out.compact(this.index);
    } catch (error) {
      if (!(error instanceof CaptionError)) throw error;
      await this.options.note(
        `${error.message} Lines that later ones of the same photo have replaced stay in ${out.path}; the last one of a photo counts.`,
      );
    }
  }
}

async function readIndex(path: string, index: ResultIndex, { note, signal }: StoreOptions) {
  const before = await readResults(
    path,
    ({ file, state, failed }) => index.add(file, state, failed),
    signal,
  );
  if (signal.aborted) throw new CaptionError('ABORTED', 'The work was stopped.');
  if (before.unreadable > 0) {
    await note(
      `${path} has ${before.unreadable} lines that cannot be read, as a power cut leaves them; their photos are done again.`,
    );
  }
  return before;
}

function exists({ out, sidecar }: BatchSettings): CaptionError {
  const beside = sidecar === undefined ? '' : ' and the sidecars';
  return new CaptionError(
    'INVALID_OPTION',
    `${out} exists. Use --resume to continue it, --overwrite to replace it${beside}, or name another file.`,
  );
}
