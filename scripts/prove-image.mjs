// Does what `docker build -f deploy/Dockerfile .` and `docker run --read-only` do, without Docker: the steps of
// the Dockerfile run in folders of their own, and what comes of them is started as a user without rights from
// files that nobody may write. Then: the HEALTHCHECK's command, a photo, what was written, SIGTERM.
//
//   node scripts/prove-image.mjs
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'zipcaption-image-'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function must(condition, what) {
  if (!condition) throw new Error(what);
  console.log(`ok  ${what}`);
}

/** Instructions as [name, rest], continued lines joined, comments left out. */
function instructions(text) {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const joined = lines.join('\n').replace(/\\\n/g, ' ');
  return joined
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => /^(\w+)\s+(.*)$/s.exec(line).slice(1));
}

/** Is a path of the build context left out by .dockerignore? Only the two forms that ours has are known. */
function ignored(path, patterns) {
  return patterns.some((pattern) => {
    const name = pattern
      .replace(/^\*\*\//, '')
      .replaceAll('.', '\\.')
      .replaceAll('*', '[^/]*');
    return new RegExp(pattern.startsWith('**/') ? `(^|/)${name}$` : `^${name}$`).test(path);
  });
}

/** Runs the instructions of each stage in a folder that stands for its root; gives that of the last one. */
function buildStages(file) {
  const stages = new Map();
  let stage;
  for (const [name, rest] of instructions(readFileSync(file, 'utf8'))) {
    const place = (path) => join(stage.root, path.startsWith('/') ? path : join(stage.cwd, path));
    switch (name) {
      case 'FROM': {
        const [image, , as = String(stages.size)] = rest.split(/\s+/);
        stage = { image, root: join(work, as), cwd: '/', env: {}, user: '0:0' };
        stages.set(as, stage);
        break;
      }
      case 'WORKDIR':
        stage.cwd = rest;
        mkdirSync(place(rest), { recursive: true });
        break;
      case 'ENV': {
        const [key, value] = rest.split('=');
        stage.env[key] = value;
        break;
      }
      case 'COPY': {
        const [from, source, target] = /^(?:--from=(\S+) )?(\S+) (\S+)$/.exec(rest).slice(1);
        const patterns = readFileSync(join(root, '.dockerignore'), 'utf8')
          .split('\n')
          .filter(Boolean);
        const origin = from ? join(stages.get(from).root, source) : join(root, source);
        mkdirSync(dirname(place(target)), { recursive: true });
        cpSync(origin, place(target), {
          recursive: true,
          verbatimSymlinks: true,
          filter: (path) => from || !ignored(relative(root, path), patterns),
        });
        break;
      }
      case 'RUN': {
        console.log(`RUN ${rest.replace(/\s+/g, ' ')}`);
        // Absolute paths of the image's own are those below the stage's folder.
        const command = rest.replace(/(?<=\s)\/(app|src)\b/g, `${stage.root}/$1`);
        const env = { ...process.env, ...stage.env };
        const { status } = spawnSync('sh', ['-c', command], {
          cwd: place('.'),
          env,
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        must(status === 0, 'the step ended with 0');
        break;
      }
      case 'USER':
        stage.user = rest;
        break;
      case 'HEALTHCHECK':
        stage.health = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
        break;
      case 'ENTRYPOINT':
        stage.entry = JSON.parse(rest);
        break;
      case 'EXPOSE':
        break;
      default:
        throw new Error(`This script does not know the instruction ${name}.`);
    }
  }
  return stage;
}

/** All below a folder: a line each with what would change if it were written. */
function listing(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const { size, mtimeMs, mode } = lstatSync(path);
    const line = [relative(work, path), entry.isDirectory() ? '' : size, mtimeMs, mode].join(' ');
    return entry.isDirectory() ? [line, ...listing(path)] : [line];
  });
}

function makeReadOnly(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) makeReadOnly(path);
    chmodSync(path, lstatSync(path).mode & 0o555);
  }
}

async function prove(stage) {
  const app = join(stage.root, stage.cwd);
  const size = Number(execFileSync('du', ['-sk', app], { encoding: 'utf8' }).split('\t')[0]) / 1024;
  console.log(`${stage.cwd} has ${size.toFixed(0)} MB`);
  const [uid, gid] = stage.user.split(':').map(Number);
  must(uid > 0 && gid > 0, `the user has a number, not root's: ${stage.user}`);
  chmodSync(work, 0o755);
  makeReadOnly(app);
  const before = listing(app);
  const port = String(await freePort());
  // No folder for temporary files, no home: nothing may be written anywhere.
  const env = {
    ...stage.env,
    PATH: process.env.PATH,
    PORT: port,
    HOME: '/nonexistent',
    TMPDIR: '/nonexistent',
  };
  const isRoot = process.getuid() === 0;
  const options = {
    cwd: app,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && { uid, gid }),
  };
  const [program, ...args] = stage.entry;
  const server = spawn(program, args, options);
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const isHealthy = () => spawnSync(stage.health[0], stage.health.slice(1), options).status === 0;
  try {
    must(!isHealthy(), 'HEALTHCHECK fails before the server listens');
    const patience = Date.now() + 60_000;
    while (!isHealthy() && Date.now() < patience && server.exitCode === null) await pause(500);
    must(isHealthy(), 'HEALTHCHECK succeeds when it does');
    const response = await fetch(`http://127.0.0.1:${port}/caption`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: readFileSync(join(root, 'samples/coffee.jpg')),
    });
    const answer = await response.json();
    must(response.status === 200, `a photo is captioned: ${answer.caption ?? answer.detail}`);
    if (isRoot) {
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      must(
        new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(status),
        `the process is that of user ${uid}`,
      );
    }
    must(listing(app).join('\n') === before.join('\n'), 'nothing was written');
    server.kill('SIGTERM');
    must((await ended) === 0, 'SIGTERM: exit 0');
    must(!isHealthy(), 'HEALTHCHECK fails when it has ended');
  } catch (error) {
    console.error(log);
    throw error;
  } finally {
    if (server.exitCode === null) server.kill('SIGKILL');
  }
}

try {
  await prove(buildStages(join(root, 'deploy/Dockerfile')));
} finally {
  execFileSync('chmod', ['-R', 'u+w', work]);
  rmSync(work, { recursive: true, force: true });
}
