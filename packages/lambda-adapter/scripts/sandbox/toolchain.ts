import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Node lines that Lambda offers. */
export type NodeLine = 22 | 24;
export const nodeLines: readonly NodeLine[] = [22, 24];

const RIC = 'aws-lambda-ric@4.0.2';

/**
 * Kept outside of the workspace: 50 MB for each Node, and the runtime client compiles its native
 * part on installing (cmake, make and a C++ compiler are needed).
 */
const folder =
  process.env.ZIPCAPTION_CACHE_DIR ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zipcaption-sandbox');

/** Path of a Node binary of that line, installed on first use. */
export function nodeBinary(line: NodeLine): string {
  const name = `node-${process.platform}-${process.arch}`;
  return installed(`node${line}`, `${name}@${line}`, `node_modules/${name}/bin/node`);
}

/** Path of AWS's own runtime client, installed on first use. */
export function runtimeClient(): string {
  const entry = 'node_modules/aws-lambda-ric/index.mjs';
  const path = installed('ric', RIC, entry);
  if (!existsSync(join(path, '../rapid-client.node'))) {
    throw new Error(
      `The native part of ${RIC} was not built in ${path}. Install cmake, make and a C++ compiler, remove ${folder} and try again.`,
    );
  }
  return path;
}

function installed(name: string, spec: string, file: string): string {
  const prefix = join(folder, name);
  const path = join(prefix, file);
  if (existsSync(path)) return path;
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'package.json'), '{"private":true}\n');
  console.error(`Installing ${spec} into ${prefix} …`);
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', spec],
    { cwd: prefix, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (status !== 0 || !existsSync(path))
    throw new Error(`npm could not install ${spec}:\n${stderr}`);
  return path;
}
