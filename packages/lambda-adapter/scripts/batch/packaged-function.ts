import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.js';
import { REGION } from './aws.js';

export interface Answer {
  readonly result?: unknown;
  /** As Lambda reports it; `crashed` if the process ended. */
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
}

/** One copy of the packaged function in a process of its own; started anew after it ended. */
export interface PackagedFunction {
  invoke(event: unknown, timeLeft: number): Promise<Answer>;
  /** Ends the process in whatever it does. */
  kill(): void;
  /** Bytes of memory of the running process; 0 if none runs. */
  memory(): number;
  readonly starts: number;
  stop(): void;
}

interface Message extends Answer {
  readonly id?: number;
  readonly ready?: boolean;
}

/**
 * @param folder the unpacked zip
 * @param port   where AWS is
 * @param env    settings of the function
 */
export function packagedFunction(
  folder: string,
  port: number,
  env: Readonly<Record<string, string>>,
): PackagedFunction {
  const host = join(repositoryRoot, 'packages/lambda-adapter/scripts/batch/function-host.mjs');
  let child: ChildProcess | undefined;
  let ready: Promise<void> = Promise.resolve();
  let starts = 0;
  let invocations = 0;

  function start(): ChildProcess {
    starts++;
    const started = fork(host, [join(folder, 'batch.mjs')], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        // The managed runtime brings the SDK; here it is this workspace's.
        NODE_PATH: join(repositoryRoot, 'packages/lambda-adapter/node_modules'),
        NODE_NO_WARNINGS: '1',
        AWS_LAMBDA_FUNCTION_NAME: 'zipcaption',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: 'example',
        AWS_SECRET_ACCESS_KEY: 'example',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
        ...env,
      },
    });
    // Every invocation that is under way listens.
    started.setMaxListeners(0);
    ready = new Promise((resolve, reject) => {
      started.once('message', () => resolve());
      started.once('exit', () => reject(new Error('It ended in its init phase.')));
    });
    ready.catch(() => undefined);
    started.once('exit', () => {
      if (child === started) child = undefined;
    });
    return started;
  }

  return {
    get starts() {
      return starts;
    },
    async invoke(event, timeLeft) {
      child ??= start();
      const running = child;
      try {
        await ready;
      } catch (error) {
        // Killed before it was there: to the poller that is a crash like any other.
        return { error: { errorType: 'Runtime.ExitError', errorMessage: String(error) } };
      }
      const id = ++invocations;
      return new Promise((resolve) => {
        const crashed = (errorType: string) => {
          done({ error: { errorType, errorMessage: 'The process ended.' } });
        };
        const heard = (message: Message) => {
          if (message.id === id) done(message);
        };
        const ended = () => crashed('Runtime.ExitError');
        const late = setTimeout(() => {
          running.kill('SIGKILL');
          crashed('Sandbox.Timedout');
        }, timeLeft);
        const done = (answer: Answer) => {
          clearTimeout(late);
          running.off('message', heard);
          running.off('exit', ended);
          resolve(answer);
        };
        running.on('message', heard);
        running.once('exit', ended);
        if (running.exitCode !== null || running.signalCode !== null) return ended();
        running.send({ id, event, timeLeft });
      });
    },
    kill: () => void child?.kill('SIGKILL'),
    memory() {
      if (!child?.pid) return 0;
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
      } catch {
        return 0;
      }
    },
    stop: () => void child?.kill('SIGKILL'),
  };
}
