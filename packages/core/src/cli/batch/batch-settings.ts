import { extname } from 'node:path';
import { CaptionError } from '../../index.js';
import type { FlagValues } from '../flags.js';
import { kindByName } from '../photo-files.js';
import { parseShard, type Shard } from './shard.js';

export type SidecarKind = 'txt' | 'json';

/** Where results go, and what is done of an earlier run's. */
export interface BatchSettings {
  readonly out: string | undefined;
  readonly sidecar: SidecarKind | undefined;
  readonly shard: Shard | undefined;
  /** File that names the photos, `-` for standard input. */
  readonly filesFrom: string | undefined;
  /** Leave out what there are results of. */
  readonly resume: boolean;
  readonly retryFailed: boolean;
  readonly overwrite: boolean;
  /** Tell a changed photo by its SHA-256 rather than by size and time. */
  readonly byHash: boolean;
  /** Print captions to standard output, too? */
  readonly prints: boolean;
}

/**
 * What the flags for many photos ask for; nothing when there is none of them.
 *
 * @throws CaptionError `INVALID_OPTION` when flags contradict each other
 */
export function batchSettings(
  flags: FlagValues,
  operands: readonly string[],
): BatchSettings | undefined {
  const { out, sidecar, resume = false, overwrite = false } = flags;
  const retryFailed = flags['retry-failed'] ?? false;
  const filesFrom = flags['files-from'];
  const writes = out !== undefined || sidecar !== undefined;
  const needsFile = (name: string) => refuse(`--${name} needs --out FILE or --sidecar txt.`);
  if (!writes && resume) throw needsFile('resume');
  if (!writes && retryFailed) throw needsFile('retry-failed');
  if (!writes && overwrite) throw needsFile('overwrite');
  if (!writes && flags.check) throw needsFile('check');
  if (overwrite && (resume || retryFailed)) {
    throw refuse(
      `--overwrite and --${resume ? 'resume' : 'retry-failed'} exclude each other: begin anew, or go on?`,
    );
  }
  if (flags.check === 'hash' && out === undefined && sidecar === 'txt') {
    throw refuse(
      '--check hash needs --out or --sidecar json: a text file has no room for the hash.',
    );
  }
  if (out !== undefined) checkOut(out);
  if (!writes && flags.shard === undefined && filesFrom === undefined) return undefined;
  if (flags.attention !== undefined) {
    throw refuse(
      '--attention draws photos that are all named beforehand; omit --out, --sidecar, --shard and --files-from.',
    );
  }
  if (filesFrom === '-' && operands.includes('-')) {
    throw refuse('Standard input cannot be both a photo (-) and the names of --files-from.');
  }
  return {
    out,
    sidecar,
    filesFrom,
    overwrite,
    retryFailed,
    shard: flags.shard === undefined ? undefined : parseShard(flags.shard),
    resume: resume || retryFailed,
    byHash: flags.check === 'hash',
    prints: !writes || Boolean(flags.format || flags.json || flags.jsonl),
  };
}

function checkOut(out: string): void {
  if (out === '-') {
    throw refuse('--out needs the name of a file; without --out captions go to standard output.');
  }
  if (kindByName(out) !== 'other') {
    throw refuse(`--out ${out} would write over a photo; name a file that ends in .jsonl.`);
  }
  const format = { '.csv': 'csv', '.md': 'md', '.txt': 'text' }[extname(out).toLowerCase()];
  if (format) {
    throw refuse(
      `--out writes JSON Lines, which ${extname(out)} does not promise; end its name in .jsonl, or use --format ${format} > ${out}.`,
    );
  }
}

function refuse(message: string): CaptionError {
  return new CaptionError('INVALID_OPTION', message);
}
