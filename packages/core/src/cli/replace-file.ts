import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What Windows answers while another program, often a virus scanner, has one of the files open. */
const IN_USE = new Set(['EACCES', 'EBUSY', 'EPERM']);
/** Milliseconds between attempts: about two seconds in all. */
const WAITS = [10, 30, 100, 300, 600, 1000];

interface ReplaceOptions {
  readonly platform?: NodeJS.Platform;
  readonly move?: typeof rename;
}

/**
 * Gives a file the name of another one, which it replaces in one step.
 *
 * @throws the error of the file system; on Windows only when it does not pass
 */
export async function replaceFile(
  from: string | Buffer,
  to: string | Buffer,
  { platform = process.platform, move = rename }: ReplaceOptions = {},
): Promise<void> {
  const waits = platform === 'win32' ? WAITS : [];
  for (const wait of waits) {
    try {
      return await move(from, to);
    } catch (error) {
      if (!IN_USE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await sleep(wait);
    }
  }
  return move(from, to);
}
