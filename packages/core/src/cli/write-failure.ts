import { CaptionError } from '../index.js';

/** Why a file cannot be written, in words. */
export function cannotWrite(path: string, cause: unknown): CaptionError {
  return new CaptionError('WRITE_FAILED', `${path} cannot be written: ${reason(cause)}.`, {
    cause,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the quota is used up',
  EFBIG: 'no file may be that large',
  EISDIR: 'it is a folder',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'no name is that long',
  ENOENT: 'there is no such folder',
  ENOSPC: 'no space is left on the disk',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'permission denied',
  EPIPE: 'nobody reads it any more',
  EROFS: 'the disk is read-only',
};

function reason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return (code && REASONS[code]) ?? (cause instanceof Error ? cause.message : String(cause));
}

/** True where not one file but every further one fails, too. */
export function stopsEverything(error: CaptionError): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(code);
}
