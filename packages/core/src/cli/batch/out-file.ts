import { type FileHandle, open, realpath, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../replace-file.js';
import { cannotWrite } from '../write-failure.js';
import type { ResultIndex } from './result-index.js';
import { isJson, parseResult, readLines } from './result-lines.js';

/** Most time that a line waits to be on the disk: what a power cut can lose. */
export const SYNC_EVERY_MS = 5000;

/**
 * A file that whole lines are appended to. Each is one write; the disk has it after at most
 * {@link SYNC_EVERY_MS}. When a write fails in its middle (a full disk), what it left is cut off again.
 */
export class OutFile {
  readonly #syncing = setInterval(() => this.#sync(), SYNC_EVERY_MS).unref();
  #lastSync: Promise<void> = Promise.resolve();
  #isSynced = true;
  #failure: unknown;

  private constructor(
    /** Where it is, symbolic links resolved. */
    readonly path: string,
    private handle: FileHandle,
    /** Pipes and devices can be neither cut nor synced. */
    readonly isRegular: boolean,
    private length: number,
  ) {}

  /**
   * @param length bytes to keep of what is there; 0 to begin anew
   * @throws CaptionError `WRITE_FAILED`
   */
  static async open(given: string, length: number): Promise<OutFile> {
    try {
      const path = await realpath(given).catch(() => given);
      const handle = await open(path, 'a');
      const isRegular = (await handle.stat()).isFile();
      if (isRegular) {
        // By its path: on Windows a file that is opened for appending cannot be cut.
        await truncate(path, length);
        await syncFolder(dirname(path));
      }
      return new OutFile(path, handle, isRegular, length);
    } catch (cause) {
      throw cannotWrite(given, cause);
    }
  }

  /** @throws CaptionError `WRITE_FAILED`; the file then ends with the line before */
  async append(line: string): Promise<void> {
    const bytes = Buffer.from(line, 'utf8');
    try {
      if (this.#failure) throw this.#failure;
      for (let at = 0; at < bytes.length; ) {
        at += (await this.handle.write(bytes, at)).bytesWritten;
      }
      this.length += bytes.length;
      this.#isSynced = false;
    } catch (cause) {
      if (this.isRegular) await truncate(this.path, this.length).catch(() => undefined);
      throw cannotWrite(this.path, cause);
    }
  }

  /** @throws CaptionError `WRITE_FAILED` when the disk did not take what was written */
  async close(): Promise<void> {
    clearInterval(this.#syncing);
    this.#sync();
    await this.#lastSync;
    await this.handle.close().catch((cause: unknown) => {
      this.#failure ??= cause;
    });
    if (this.#failure) throw cannotWrite(this.path, this.#failure);
  }

  /**
   * Replaces the file, in one step, by one without the lines that later ones of the same photo have
   * replaced, and without those that cannot be read. To be called after `close`: Windows replaces no file that
   * is open.
   *
   * @throws CaptionError `WRITE_FAILED`; the file is then as it was
   */
  async compact(index: ResultIndex): Promise<void> {
    // Nobody else writes to it: whoever does this holds the file's lock.
    const temporary = `${this.path}.tmp`;
    try {
      const compacted = await open(temporary, 'w', (await stat(this.path)).mode);
      try {
        for await (const lines of readLines(this.path)) {
          const kept = lines.filter(({ bytes }) => isKept(bytes.toString('utf8'), index));
          await compacted.appendFile(
            Buffer.concat(kept.flatMap(({ bytes }) => [bytes, Buffer.of(10)])),
          );
        }
        await compacted.sync();
      } finally {
        await compacted.close();
      }
      await replaceFile(temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cannotWrite(temporary, cause);
    }
  }

  /** What is written to a file that has no name any more is lost when it is closed. */
  async #refuseDeleted(): Promise<void> {
    if ((await this.handle.stat()).nlink === 0) {
      throw new Error('it was deleted during the run');
    }
  }

  #sync(): void {
    if (this.#isSynced || !this.isRegular) return;
    this.#isSynced = true;
    this.#lastSync = this.#lastSync
      .then(() => this.#refuseDeleted())
      .then(() => this.handle.datasync())
      .catch((cause: unknown) => {
        this.#failure ??= cause;
      });
  }
}

function isKept(text: string, index: ResultIndex): boolean {
  const result = parseResult(text);
  if (result) return index.isLatest(result.file);
  // Zeros that a power cut left go; what somebody else wrote stays.
  return isJson(text);
}

/** Makes a new name in a folder survive a power cut; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
