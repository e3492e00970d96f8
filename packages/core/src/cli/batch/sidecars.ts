import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KeyTable, keyOf } from '../key-table.js';
import { kindByName } from '../photo-files.js';
import { replaceFile } from '../replace-file.js';
import { cannotWrite } from '../write-failure.js';
import type { SidecarKind } from './batch-settings.js';
import type { PhotoState } from './photo-state.js';
import { ResultIndex, type Standing } from './result-index.js';
import { isJson, parseResult } from './result-lines.js';

/** What is written before a sidecar has its name: `.zipcaption-` and random letters. */
const TEMPORARY = /^\.zipcaption-[0-9a-f]{16}\.tmp$/;
/** A file is under way for milliseconds; one that is older was left by a process that was killed. */
const LEFT_AFTER_MS = 60_000;
/** A sidecar holds a few captions. */
const MOST_BYTES = 1 << 24;

/** True for `photo.jpg.txt` and `photo.jpg.json`, which are results and no photos. */
export function isSidecarName(path: string): boolean {
  const [, photo] = /^(.+)\.(?:txt|json)$/i.exec(basename(path)) ?? [];
  return photo !== undefined && kindByName(photo) === 'photo';
}

/** Files beside photos: `photo.jpg.txt` with the captions, or `photo.jpg.json` with the whole result. */
export class Sidecars {
  /** Folders that are known to be writable. */
  readonly #prepared = new KeyTable();

  constructor(readonly kind: SidecarKind) {}

  /**
   * What the sidecar of a photo says of it. One of text tells only by its time: it is current when it
   * is no older than the photo. `exists`: another program's file has the name, as the metadata of
   * Google Takeout do.
   */
  async lookUp(path: string | Buffer, state: PhotoState): Promise<Standing> {
    const sidecar = this.#pathFor(path);
    const found = await stat(sidecar).catch(() => undefined);
    if (!found) return 'new';
    if (!found.isFile()) return 'exists';
    if (this.kind === 'txt') {
      return found.size > 0 && found.mtimeMs >= state.mtimeMs ? 'done' : 'changed';
    }
    if (found.size > MOST_BYTES) return 'exists';
    const text = await readFile(sidecar, 'utf8').catch(() => '');
    const result = parseResult(text);
    // A power cut can leave less than the whole text.
    if (!result) return isJson(text) ? 'exists' : 'changed';
    const index = new ResultIndex();
    index.add('', result.state, result.failed);
    return index.lookUp('', state);
  }

  /**
   * Finds out before a photo is captioned whether its sidecar can be written: for each whether its name
   * can be that long, and once for each folder whether files can be made there. Removes what a killed
   * process left.
   *
   * @throws CaptionError `WRITE_FAILED`
   */
  async prepare(path: string | Buffer): Promise<void> {
    await stat(this.#pathFor(path)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENAMETOOLONG') throw cannotWrite(String(this.#pathFor(path)), cause);
    });
    const folder = folderOf(path);
    const key = keyOf(folder);
    if (this.#prepared.find(key) >= 0) return;
    try {
      await access(folder, constants.W_OK);
    } catch (cause) {
      throw cannotWrite(String(this.#pathFor(path)), cause);
    }
    this.#prepared.add(key);
    for (const name of await readdir(folder).catch(() => [])) {
      if (!TEMPORARY.test(name)) continue;
      const left = inFolder(folder, name);
      const found = await stat(left).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > LEFT_AFTER_MS) await rm(left, { force: true });
    }
  }

  /**
   * Writes a sidecar whole or not at all, and waits until the disk has it. It is never older than its
   * photo, whose time a wrong clock may have put into the future.
   *
   * @param state the photo as it was read
   * @throws CaptionError `WRITE_FAILED`
   */
  async write(
    path: string | Buffer,
    content: string,
    state: PhotoState | undefined,
  ): Promise<void> {
    const sidecar = this.#pathFor(path);
    const name = `.zipcaption-${randomBytes(8).toString('hex')}.tmp`;
    const temporary = inFolder(folderOf(path), name);
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(content);
        if (state && (await file.stat()).mtimeMs < state.mtimeMs) {
          // A whole second more, for file systems that keep no parts of it.
          const seconds = Math.ceil(state.mtimeMs / 1000) + 1;
          await file.utimes(seconds, seconds);
        }
        await file.datasync();
      } finally {
        await file.close();
      }
      await replaceFile(temporary, sidecar);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw cannotWrite(String(sidecar), cause);
    }
  }

  #pathFor(path: string | Buffer): string | Buffer {
    const ending = `.${this.kind}`;
    return typeof path === 'string' ? path + ending : Buffer.concat([path, Buffer.from(ending)]);
  }
}

function folderOf(path: string | Buffer): string | Buffer {
  if (typeof path === 'string') return dirname(path);
  // Bytes are names of Linux, whose folders end in a slash.
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.subarray(0, Math.max(1, end));
}

function inFolder(folder: string | Buffer, name: string): string | Buffer {
  if (typeof folder === 'string') return join(folder, name);
  return Buffer.concat([folder, Buffer.from(`/${name}`)]);
}
