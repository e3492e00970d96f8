import { CaptionError } from '../index.js';
import { explain } from '../node/system-error.js';

/** Why a file cannot be written, in words. */
export function cannotWrite(path: string, cause: unknown): CaptionError {
  const { code } = cause as NodeJS.ErrnoException;
  // A file that is written need not be there before; its folder must.
  const why = code === 'ENOENT' ? 'there is no such folder' : explain(cause);
  return new CaptionError('WRITE_FAILED', `${path} cannot be written: ${why}.`, { cause });
}

/** True where not one file but every further one fails, too. */
export function stopsEverything(error: CaptionError): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(code);
}
