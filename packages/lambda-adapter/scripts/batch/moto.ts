import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.js';

const folder = join(repositoryRoot, 'node_modules/.cache/moto');
const requirements = join(repositoryRoot, 'packages/lambda-adapter/scripts/batch/requirements.txt');

/** Installs moto into a virtual environment of its own; undefined where there is no Python. */
export function installMoto(): string | undefined {
  const program = join(folder, 'bin/moto_server');
  if (existsSync(program)) return program;
  if (spawnSync('python3', ['-m', 'venv', folder]).status !== 0) return undefined;
  console.error(`Installing moto into ${folder} …`);
  const pip = spawnSync(join(folder, 'bin/pip'), ['install', '--quiet', '-r', requirements], {
    encoding: 'utf8',
  });
  if (pip.status !== 0) throw new Error(`pip could not install moto:\n${pip.stderr}`);
  return program;
}

export interface Moto {
  readonly port: number;
  stop(): Promise<void>;
}

/** S3, SQS, SNS, DynamoDB, EventBridge and Step Functions on a port of this machine. */
export async function startMoto(program: string): Promise<Moto> {
  const port = await freePort();
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, AWS_DEFAULT_REGION: 'eu-central-1' },
  });
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await exit;
  };
  await answering(child, port);
  return { port, stop };
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  const end = Date.now() + 120_000;
  while (Date.now() < end && child.exitCode === null) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/moto-api/`);
      if (answer.ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error('moto does not answer.');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
