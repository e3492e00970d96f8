import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { Terminal } from './terminal.js';

/** A stream that remembers what was written, a terminal or not. */
function stream(isTTY: boolean, failure?: NodeJS.ErrnoException) {
  const written: string[] = [];
  const writable = new Writable({
    write(chunk: Buffer, _, done) {
      written.push(chunk.toString());
      done(failure);
    },
  });
  return { written, writable: Object.assign(writable, { isTTY }) as unknown as NodeJS.WriteStream };
}

function terminal(
  isTTY: boolean,
  env: Record<string, string> = {},
  failure?: NodeJS.ErrnoException,
) {
  const [out, err] = [stream(isTTY, failure), stream(isTTY)];
  const onClosed = vi.fn();
  const made = new Terminal(onClosed, out.writable, err.writable, env);
  return { made, out: out.written, err: err.written, onClosed };
}

const ERASE = '\r\x1b[2K';

describe('a terminal', () => {
  it('has its status line step aside for what is printed', async () => {
    const { made, out, err } = terminal(true);
    made.status('1/2');
    await made.print('dog.jpg  a dog\n');
    await made.note('a warning');
    made.status('');
    expect(out).toEqual(['dog.jpg  a dog\n']);
    expect(err).toEqual(['1/2', ERASE, '1/2', ERASE, 'a warning\n', '1/2', ERASE]);
  });

  it('is not flooded: a status that comes too soon is drawn with the next', () => {
    const { made, err } = terminal(true);
    for (let done = 0; done < 1000; done++) made.status(`${done}`);
    expect(err.length).toBeLessThan(100);
  });

  it('is coloured unless NO_COLOR says otherwise', () => {
    expect(terminal(true).made.colour).toBe(true);
    expect(terminal(true, { NO_COLOR: '1' }).made.colour).toBe(false);
    expect(terminal(true, { NO_COLOR: '' }).made.colour).toBe(true);
  });
});

describe('what is no terminal', () => {
  it.each([
    [false, {}],
    [true, { TERM: 'dumb' }],
  ])('gets no status line (tty: %s, %j)', async (isTTY, env) => {
    const { made, out, err } = terminal(isTTY, env);
    made.status('1/2');
    await made.print('dog.jpg  a dog\n');
    expect([out, err]).toEqual([['dog.jpg  a dog\n'], []]);
    expect([made.live, made.colour]).toEqual([false, false]);
  });
});

describe('a reader that goes away', () => {
  it('is reported once, quietly, and nothing more is written', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const { made, out, err, onClosed } = terminal(false, {}, gone);
    await made.print('first\n');
    await new Promise(setImmediate);
    await made.print('second\n');
    expect(out).toEqual(['first\n']);
    expect(err).toEqual([]);
    expect([made.broken, onClosed.mock.calls.length]).toEqual([false, 1]);
  });

  it('for another reason than having seen enough is named', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const { made, err, onClosed } = terminal(false, {}, full);
    await made.print('first\n');
    await new Promise(setImmediate);
    expect(err.join('')).toContain('no space left on device');
    expect([made.broken, onClosed.mock.calls.length]).toEqual([true, 1]);
  });
});
