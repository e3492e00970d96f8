import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { dist } from '../package/pack.js';

/** The built command line, as a user's shell would start it. */
export const cli = (): string => join(dist, 'cli/main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; without it, standard input is empty. */
  readonly stdin?: Uint8Array;
  /** Called with everything printed so far whenever there is more. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

const running = new Set<ChildProcess>();

/** Ends what a test that failed left behind. */
export function killRunning(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Runs the command line to its end. */
export function run(main: string, args: readonly string[], options: RunOptions = {}) {
  return new Promise<Finished>((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(stdout, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined); // It may end before it has read everything.
    child.stdin.end(options.stdin);
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}
