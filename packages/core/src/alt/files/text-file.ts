import { randomBytes } from 'node:crypto';
import {
  access,
  constants,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CaptionError } from '../../errors.js';
import { explain } from '../../node/system-error.js';

/** Pages of a site are far smaller; a larger file is data that happens to be called `.html`. */
const MAX_BYTES = 16 * 1024 ** 2;

const ANYBODY_WRITES = 0o222;

/**
 * A document's text, its byte order mark included.
 *
 * @throws CaptionError `FILE_NOT_FOUND`, `INVALID_INPUT` when it is too large or not UTF-8
 */
export async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new CaptionError(
        'INVALID_INPUT',
        `It has ${size} bytes; the limit for documents is ${MAX_BYTES}.`,
      );
    }
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError('FILE_NOT_FOUND', `It cannot be read: ${explain(cause)}.`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CaptionError('INVALID_INPUT', 'It is not UTF-8. Convert it to UTF-8 first.', {
      cause,
    });
  }
}

/**
 * Replaces a document atomically: writes a file beside it and renames that. Permissions and owner
 * are kept, and a symbolic link stays a link.
 *
 * @param was the text that it still has to hold
 * @throws CaptionError `FILE_CHANGED` when somebody else wrote it meanwhile; `WRITE_FAILED`, also for
 *   a file that is read-only
 */
export async function replaceText(path: string, was: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`,
  );
  try {
    const { mode, uid, gid } = await stat(target);
    // A rename could replace a read-only file, so the permissions are checked first, for root as well.
    if ((mode & ANYBODY_WRITES) === 0) {
      throw new CaptionError('WRITE_FAILED', 'It cannot be written: it is read-only.');
    }
    await access(target, constants.W_OK);
    await writeFile(temporary, text, { mode, flag: 'wx' });
    const file = await open(temporary, 'r+');
    try {
      // Only root can give a file away, and only root has to.
      await file.chown(uid, gid).catch(() => undefined);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await readText(target)) !== was) {
      throw new CaptionError(
        'FILE_CHANGED',
        'Another program changed it in the meantime, so it was not written.',
      );
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError('WRITE_FAILED', `It cannot be written: ${explain(cause)}.`, { cause });
  }
}
