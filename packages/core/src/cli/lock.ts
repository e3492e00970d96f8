import { readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptionError } from '../index.js';
import { replaceFile } from './replace-file.js';
import { cannotWrite } from './write-failure.js';

/** How often whoever holds a lock says that it lives. */
const BEAT_MS = 10_000;
/** The holder of a lock on another machine, or in another container, that gives no sign for so long is gone. */
const SILENCE_MS = 45_000;
/** A lock without contents: its maker was killed before it had written them. */
const EMPTY_STALE_MS = 2000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Within which process numbers mean anything; Linux only. */
  readonly namespace?: string;
  /** When the process started, so that another one with the same number is told from it; Linux only. */
  readonly started?: string;
}

export interface LockOptions {
  /** Told when it has to be seen whether a process has ended: on another machine, or where its number says too little. */
  readonly onWait: (message: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** How long that takes. Default 45,000. */
  readonly silenceMs?: number;
}

/** `FILE.lock`, a file that says which process writes to FILE. */
export class Lock {
  readonly #beat: NodeJS.Timeout;
  readonly #remove = () => {
    // At the end of the process nothing else but this is possible.
    try {
      if (sameHolder(parse(readFileSync(this.path, 'utf8')), self())) unlinkSync(this.path);
    } catch {
      // Gone already, or its folder is; the next run finds it stale.
    }
  };

  private constructor(private readonly path: string) {
    this.#beat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, BEAT_MS).unref();
    process.once('exit', this.#remove);
  }

  /**
   * Takes the lock of a file. One whose process has ended, even by a power cut, is taken over. Whether a
   * process on another machine has ended shows when it no longer renews its lock; so it does on Windows and
   * macOS, where a process that lives may have got the number of one that has ended.
   *
   * @throws CaptionError `WRITE_FAILED` when another process holds it; `ABORTED`
   */
  static async take(
    file: string,
    { onWait, signal, silenceMs = SILENCE_MS }: LockOptions,
  ): Promise<Lock> {
    const path = `${file}.lock`;
    for (let attempt = 0; ; attempt++) {
      if (await create(path)) return new Lock(path);
      const found = await look(path);
      if (!found) continue; // Released this moment.
      if (attempt > 3) throw isLocked(file, path, found.holder);
      if (found.holder && (!isNear(found.holder) || isUnsure(found.holder))) {
        await onWait(
          `${path} is from process ${found.holder.pid} on ${found.holder.host}; waiting up to ${silenceMs / 1000} s to see whether it is still in use.`,
        );
        if (await isRenewed(path, found, silenceMs, signal))
          throw isLocked(file, path, found.holder);
      } else if (!hasEnded(found)) throw isLocked(file, path, found.holder);
      await removeStale(path, found.text);
    }
  }

  release(): void {
    clearInterval(this.#beat);
    process.off('exit', this.#remove);
    this.#remove();
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(`${JSON.stringify(self())}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, cause);
  }
}

interface Found {
  readonly text: string;
  readonly holder: Holder | undefined;
  /** When its holder last gave a sign, by the clock of the file system. */
  readonly mtimeMs: number;
}

async function look(path: string): Promise<Found | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { text, holder: parse(text), mtimeMs };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cannotWrite(path, cause);
  }
}

/** Removes a lock if it is still the one that was found stale: two processes may want to at once. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await replaceFile(path, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return; // Somebody else was faster.
    throw cannotWrite(path, cause);
  }
  // What was moved away may be the new lock of one that was faster; then it gets it back.
  if ((await readFile(aside, 'utf8')) !== text) await replaceFile(aside, path);
  else await rm(aside, { force: true });
}

/** Has it run on this machine, so that its process can be looked for? */
function isNear({ host, namespace }: Holder): boolean {
  return host === hostname() && namespace === pidNamespace();
}

/**
 * True where a process has the holder's number, but not even Linux's /proc says whether it is the
 * holder: after a restart of the machine another one may have got the number.
 */
function isUnsure({ pid, started }: Holder): boolean {
  return started === undefined && pid !== process.pid && isAlive(pid);
}

/** True when the process of a lock of this machine is no more. */
function hasEnded({ holder, mtimeMs }: Found): boolean {
  if (!holder) return Date.now() - mtimeMs > EMPTY_STALE_MS;
  if (holder.pid === process.pid) return true; // Ours is an earlier one with the same number.
  return !isAlive(holder.pid) || holder.started !== startOf(holder.pid);
}

/** Watches a lock until its holder gives a sign, or has given none for too long. */
async function isRenewed(
  path: string,
  found: Found,
  silenceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + silenceMs;
  while (performance.now() < end) {
    await sleep(500, undefined, { signal }).catch((cause: unknown) => {
      throw new CaptionError('ABORTED', 'The work was stopped.', { cause });
    });
    const now = await look(path);
    if (now?.text !== found.text) return now !== undefined;
    if (now.mtimeMs !== found.mtimeMs) return true;
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function self(): Holder {
  const started = startOf(process.pid);
  const namespace = pidNamespace();
  return {
    pid: process.pid,
    host: hostname(),
    ...(namespace !== undefined && { namespace }),
    ...(started !== undefined && { started }),
  };
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** The boot and the tick in which a process started; nothing where the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name in parentheses may hold spaces; the 20th field after it is the start (proc(5), field 22).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, namespace, started } = JSON.parse(text);
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return {
      pid,
      host,
      ...(typeof namespace === 'string' && { namespace }),
      ...(typeof started === 'string' && { started }),
    };
  } catch {
    return undefined;
  }
}

function sameHolder(a: Holder | undefined, b: Holder): boolean {
  return a !== undefined && a.pid === b.pid && a.host === b.host && a.started === b.started;
}

/** True if another process holds the lock; a lock that cannot be written fails for a cause. */
export function isHeld(error: unknown): boolean {
  return error instanceof CaptionError && error.code === 'WRITE_FAILED' && !error.cause;
}

function isLocked(file: string, path: string, holder: Holder | undefined): CaptionError {
  const who = holder ? `Process ${holder.pid} on ${holder.host}` : 'Another process';
  return new CaptionError(
    'WRITE_FAILED',
    `${who} is writing to ${file}. Wait until it has ended, or name another file with --out (for parts of one folder: --shard). If it no longer exists, delete ${path}.`,
  );
}
