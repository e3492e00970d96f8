import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserKind } from '../test/drivers.js';

/* What the measurements of the page have in common: the host that serves it, and what a browser takes. */

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.jpg': 'image/jpeg',
};

/** A static host that compresses, has validators (ETag), and counts the bytes of bodies that it sends. */
export async function countingServer(folder: string) {
  let sent = 0;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    let body: Buffer;
    try {
      body = readFileSync(file);
    } catch {
      response.writeHead(404).end();
      return;
    }
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const packs = /\.(html|js|mjs|css|svg|webmanifest)$/.test(file);
    const packed = packs ? gzipSync(body) : body;
    sent += packed.length;
    response.writeHead(200, {
      etag,
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      ...(packs && { 'content-encoding': 'gzip' }),
    });
    response.end(packed);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://localhost:${port}/`, sent: () => sent, close };
}

export interface Process {
  readonly pid: string;
}

export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid }));
}

/** A browser's processes, by their program's folder. */
export function isOf({ name }: BrowserKind, pid: string): boolean {
  const command = readProc(pid, 'cmdline');
  return command.includes(name.toLowerCase()) && isOurs(pid);
}

/** Does this process descend from this one? */
function isOurs(pid: string): boolean {
  for (let each = pid; each && each !== '0'; ) {
    if (each === String(process.pid)) return true;
    each = readProc(each, 'stat').split(') ').at(-1)?.split(' ')[1] ?? '';
  }
  return false;
}

/** Milliseconds in user and kernel mode (proc(5): utime, stime, in hundredths of a second). */
export function processorTime(pid: string): number {
  const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

export function proportionalSize(pid: string): number {
  return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readProc(pid, 'smaps_rollup'))?.[1] ?? 0);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has just ended.
  }
}

export interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Milliseconds of processor time of the page's longest task, of a trace with the category `toplevel`. */
export function longestMainTask(events: readonly TraceEvent[]): number {
  const isMain = ({ name, args }: TraceEvent) =>
    name === 'thread_name' && args?.name === 'CrRendererMain';
  const threads = new Set(events.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = events.filter(({ pid, tid, tdur }) => tdur && threads.has(`${pid} ${tid}`));
  if (tasks.length === 0) throw new Error('The trace has no tasks of the page.');
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}
