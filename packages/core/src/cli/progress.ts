import { duration } from './duration.js';

export interface ProgressState {
  readonly done: number;
  /** Nothing while photos are still being counted. */
  readonly total: number | undefined;
  /** Of `done`, those that an earlier run did: they say nothing about this one's rate. */
  readonly before?: number;
  readonly failed: number;
  /** Since the first photo was begun. */
  readonly elapsedMs: number;
}

export interface ProgressLook {
  /** Width of the terminal in characters. */
  readonly columns: number;
  readonly colour: boolean;
}

const BAR = 24;
/** Left-hand eighths of a block, U+258F to U+2589, so that the bar grows by less than a character. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * A status line with bar, count, rate and time left. It is never wider than the terminal; the bar
 * is omitted first.
 */
export function renderProgress(state: ProgressState, { columns, colour }: ProgressLook): string {
  const facts = progressFacts(state);
  const failed = state.failed > 0 ? [`${state.failed} failed`] : [];
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const plain = [...facts, ...failed].join('  ');
  // A line as wide as the terminal makes some of them wrap.
  const room = columns - 1;
  if (plain.length > room) return plain.slice(0, Math.max(0, room));
  const text = [...facts, ...failed.map((part) => paint(31, part))].join('  ');
  if (state.total === undefined || plain.length + BAR + 2 > room) return text;
  return `${paint(36, bar(state.done, state.total))}  ${text}`;
}

/** Count, rate and time left, for a line. */
export function progressFacts(state: ProgressState): string[] {
  return [count(state), ...rates(state)];
}

function bar(done: number, total: number): string {
  const filled = total > 0 ? (done / total) * BAR : 0;
  const whole = Math.floor(filled);
  const part = EIGHTHS[Math.floor((filled - whole) * 8)] ?? '';
  return ('█'.repeat(whole) + part).padEnd(BAR, '░');
}

function count({ done, total }: ProgressState): string {
  if (total === undefined) return `${done} done`;
  return `${String(done).padStart(String(total).length)}/${total}`;
}

function rates({ done, before = 0, total, elapsedMs }: ProgressState): string[] {
  const now = done - before;
  if (now <= 0 || elapsedMs <= 0) return [];
  const aSecond = (now / elapsedMs) * 1000;
  const rate = aSecond >= 1 ? `${aSecond.toFixed(1)}/s` : `${(60 * aSecond).toFixed(1)}/min`;
  if (total === undefined) return [rate];
  const left = (elapsedMs / now) * (total - done);
  return done < total ? [rate, `${duration(left)} left`] : [rate, duration(elapsedMs)];
}

/** A status line for the download of a model's file. */
export function renderDownload(
  { file, loaded, total }: { file: string; loaded: number; total?: number },
  { columns }: ProgressLook,
): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const amount = total
    ? `${megabytes(loaded)} of ${megabytes(total)} MB (${Math.floor((100 * loaded) / total)} %)`
    : `${megabytes(loaded)} MB`;
  return `Loading model: ${file} ${amount}`.slice(0, Math.max(0, columns - 1));
}
