import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { type RuntimeApi, startRuntimeApi } from '../../test/runtime-api.js';
import { type NodeLine, nodeBinary, runtimeClient } from './toolchain.js';

export interface SandboxOptions {
  readonly node: NodeLine;
  /** Folder with the unpacked function. */
  readonly task: string;
  /** Default `index.handler`. */
  readonly handler?: string;
  /** Megabytes that the function is told it has. Default 1769. */
  readonly memory?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Stands before the command: `taskset -c 0`, say. */
  readonly wrapper?: readonly string[];
  /** Called with the id of the process before it has done anything. */
  readonly onStart?: (pid: number) => void;
}

export interface Sandbox {
  readonly api: RuntimeApi;
  readonly pid: number;
  /** Milliseconds from starting the process to its asking for the first event. */
  readonly init: number;
  /** The lines it has written so far. */
  output(): string[];
  stop(): Promise<void>;
}

/** Unpacks a zip into a new, otherwise empty folder. */
export function unpack(zip: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'zipcaption-task-'));
  const bytes = typeof zip === 'string' ? readFileSync(zip) : zip;
  for (const [name, data] of Object.entries(unzipSync(bytes))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), data, { mode: 0o444 });
  }
  return folder;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Starts a function as Lambda does: AWS's runtime client on Node of the wanted line, told by
 * environment variables where its code and the Runtime API are.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { task, handler = 'index.handler', memory = 1769, wrapper = [] } = options;
  const api = await startRuntimeApi();
  const command = [...wrapper, nodeBinary(options.node), runtimeClient(), handler];
  const [program = '', ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: task,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of this machine's environment: what the function needs must be in the zip.
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      TZ: ':UTC',
      LANG: 'en_US.UTF-8',
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${options.node}.x`,
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'zipcaption',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/zipcaption',
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/03/10/[$LATEST]0123456789abcdef',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      LAMBDA_TASK_ROOT: task,
      _HANDLER: handler,
      ...options.env,
    },
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const text: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (data: string) => text.push(data));
  child.stderr.setEncoding('utf8').on('data', (data: string) => text.push(data));
  const output = () => text.join('').split('\n').filter(Boolean);
  try {
    await Promise.race([api.ready, ended(child)]);
  } catch (cause) {
    api.close();
    throw new Error(`The function did not start:\n${output().join('\n')}`, { cause });
  }
  return {
    api,
    output,
    init: performance.now() - started,
    pid: child.pid ?? 0,
    async stop() {
      const end = ended(child).catch(() => undefined);
      child.kill('SIGKILL');
      await end;
      api.close();
    },
  };
}

/** Rejects when the process ends. */
function ended(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`It ended with ${signal ?? code}.`)));
  });
}
