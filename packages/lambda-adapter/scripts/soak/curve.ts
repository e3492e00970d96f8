import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Found } from '../attack/target.js';
import type { Judged } from './honest-clients.js';
import type { ProcessTime } from './process-time.js';

/** What one minute of a soak was like. */
export interface Minute {
  readonly number: number;
  /** MB of the process: the median of its samples, and the most. */
  readonly resident: readonly [median: number, most: number];
  /** How many times longer the server's threads took than on processors of their own. */
  readonly strain: number;
  /** Requests of honest clients that were answered with a 504. */
  readonly late: number;
  /** Milliseconds of the slowest answer. */
  readonly slowest: number;
}

/** What was seen in a minute. */
export interface Seen {
  readonly judged: readonly Judged[];
  /** MB, about one a second. */
  readonly resident: readonly number[];
  readonly found: Found;
  readonly time: ProcessTime;
  /** Photos that wait for a worker at its end, and workers that were replaced until then. */
  readonly waiting: number;
  readonly replaced: number;
}

export const quantile = (list: readonly number[], q: number): number =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0;

const columns = [
  'minute',
  'resident MB',
  'heap MB',
  'external MB',
  'answers',
  'photos p50 / p99 ms',
  'others p50 / p99 ms',
  '2xx',
  '4xx',
  '429',
  '503',
  '504',
  'none',
  'waiting',
  'replaced',
  'block ms',
  'CPU s',
  'strain',
];

/** Writes a Markdown table, a row a minute, to the terminal and into a file. */
export class Curve {
  readonly #file: string;
  readonly minutes: Minute[] = [];

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    this.write(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
  }

  write(line: string): void {
    console.log(line);
    appendFileSync(this.#file, `${line}\n`);
  }

  add({ judged, resident, found, time, waiting, replaced }: Seen): void {
    const number = this.minutes.length + 1;
    const count = (is: (status: number) => boolean) =>
      judged.filter(({ answer }) => is(answer.status)).length;
    const exactly = (status: number) => count((each) => each === status);
    const times = (isPhoto: boolean) => {
      const list = judged
        .filter(({ takesWork }) => takesWork === isPhoto)
        .map(({ answer }) => answer.milliseconds);
      return [0.5, 0.99].map((q) => quantile(list, q).toFixed(0)).join(' / ');
    };
    const strain = time.ran > 0 ? (time.ran + time.waited) / time.ran : 1;
    const { heapUsed, external } = found.memory;
    const median = quantile(resident, 0.5);
    this.minutes.push({
      number,
      resident: [median, Math.max(...resident)],
      strain,
      late: exactly(504),
      slowest: Math.max(0, ...judged.map(({ answer }) => answer.milliseconds)),
    });
    const cells = [
      number,
      median.toFixed(0),
      (heapUsed / 2 ** 20).toFixed(0),
      (external / 2 ** 20).toFixed(0),
      judged.length,
      times(true),
      times(false),
      count((status) => status >= 200 && status < 300),
      count((status) => status >= 400 && status < 500 && status !== 429),
      ...[429, 503, 504, 0].map(exactly),
      waiting,
      replaced,
      found.cpuBlock.toFixed(0),
      time.ran.toFixed(1),
      strain.toFixed(1),
    ];
    this.write(`| ${cells.join(' | ')} |`);
  }
}
