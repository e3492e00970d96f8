// Do the examples and the bundlers of docs/frameworks.md work? Packs the packages as npm carries them,
// installs them with the frameworks into an empty folder, runs each example, and opens the pages that the
// bundlers made in Chromium.
//
//   node scripts/frameworks/check.mjs [NAME …]     after pnpm build; names of checks, by default those that
//                                                  download little: all but next, sveltekit, astro, nuxt, react-router
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { loadCaptioner } from 'zipcaption';
import { buildProject, PROJECTS } from './projects.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const photo = join(root, 'samples/rocket.jpg');
const webp = join(root, 'scripts/fixtures/photos/lossy.webp');
const folder = mkdtempSync(join(tmpdir(), 'zipcaption-frameworks-'));
const modules = join(folder, 'node_modules');
const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
const node = (...args) => run(process.execPath, args);
const bin = (name) => join(modules, '.bin', name);

/** Our packages by name, as npm would carry them: `file:` addresses. */
function pack(folders) {
  const packed = folders.map((each) => {
    const args = ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', folder];
    const printed = run('npx', args, { cwd: join(root, each) });
    const { name, filename } = [JSON.parse(printed.slice(printed.indexOf('{')))].flat()[0];
    return [name, `file:${filename}`];
  });
  return Object.fromEntries(packed);
}

/** One `node_modules` above all examples, as a workspace has it. */
function install(names) {
  const tools = [
    'express@5',
    'vite@8',
    'webpack@5',
    'webpack-cli@7',
    'rollup@4',
    '@rollup/plugin-node-resolve@16',
    'esbuild@0.28',
  ];
  if (names.includes('next')) tools.push('next@16', 'react@19', 'react-dom@19');
  const overrides = pack(['packages/core', 'packages/lambda-adapter', 'models/lite']);
  // Vite serves what lies in the workspace, whose root it knows by this field.
  const workspace = { private: true, type: 'module', workspaces: ['vite'] };
  const manifest = { ...workspace, dependencies: overrides, overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...tools]);
}

const example = (name) => {
  const target = join(folder, name);
  cpSync(join(root, 'examples', name), target, { recursive: true });
  return target;
};

/** The five files that docs/frameworks.md tells to copy. */
function copyFiles(target) {
  const lite = join(modules, '@zipcaption/lite');
  for (const name of readdirSync(lite).filter(
    (each) => /\.(onnx|json)$/.test(each) && each !== 'package.json',
  )) {
    cpSync(join(lite, name), join(target, name));
  }
  cpSync(
    join(modules, 'zipcaption/dist/browser/captioner-worker.js'),
    join(target, 'captioner-worker.js'),
  );
}

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Serves a folder and gives what its page says of the photo, with and without a Web Worker. */
async function captionInPage(target) {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?');
    try {
      const file = path === '/' ? '/index.html' : path;
      const bytes = readFileSync(join(target, file));
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await captionAt(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function captionAt(address) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const texts = [];
    for (const workers of [0, 1]) {
      const page = await browser.newPage();
      page.on('pageerror', (error) => console.error(error));
      await page.goto(`${address}?workers=${workers}`);
      // Scripts of a module are there before the page is loaded.
      await page.waitForFunction(() => document.querySelector('input')?.onchange, undefined, {
        timeout: 120_000,
      });
      await page.setInputFiles('input', photo);
      const done = () => !['', '…'].includes(document.querySelector('p').textContent);
      await page.waitForFunction(done, undefined, { timeout: 120_000 });
      texts.push(await page.textContent('p'));
      await page.close();
    }
    return texts;
  } finally {
    await browser.close();
  }
}

/** Starts a program and waits until its address answers. */
async function withServer(command, args, cwd, env, work) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const address = await new Promise((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
        const [found] = /http:\/\/[\w.]+:\d+/.exec(said.replace(/\u001b\[[\d;]*m/g, '')) ?? [];
        if (found) resolve(found);
      });
      child.on('exit', () => reject(new Error(`it ended: ${said}`)));
    });
    return await work(address.replace(/localhost|0\.0\.0\.0/, '127.0.0.1'));
  } finally {
    child.kill();
  }
}

const post = async (address) => {
  const response = await fetch(address, {
    method: 'POST',
    body: readFileSync(photo),
    headers: { 'content-type': 'image/jpeg' },
  });
  const { text, message } = await response.json();
  return [text ?? message];
};

/** What examples/node/index.mjs printed of the photo and of the WebP. */
function captionsOf(printed) {
  const [of, ofWebp] = printed
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[1]);
  return ofWebp === webpCaption ? [of] : [of, `the WebP: ${ofWebp}`];
}

const bundledPage = (name, build) => async () => {
  const out = join(folder, `${name}-out`);
  mkdirSync(out);
  const html = readFileSync(join(root, 'examples/vite/index.html'), 'utf8');
  writeFileSync(join(out, 'index.html'), html.replace('/main.js', './main.js'));
  cpSync(join(root, 'examples/vite/main.js'), join(folder, 'page.js'));
  await build(out);
  return captionInPage(out);
};

const checks = {
  node: async () =>
    node(join(example('node'), 'index.mjs'), photo)
      .trim()
      .split('\t')
      .slice(1),
  express: async () =>
    withServer(process.execPath, ['server.mjs'], example('express'), { PORT: '0' }, (address) =>
      post(`${address}/caption`),
    ),
  lambda: async () => {
    const event = JSON.parse(
      readFileSync(join(root, 'packages/lambda-adapter/test/events/function-url.json'), 'utf8'),
    );
    Object.assign(event, { body: readFileSync(photo).toString('base64'), isBase64Encoded: true });
    const file = join(folder, 'invoke.mjs');
    const index = pathToFileURL(join(example('lambda'), 'index.mjs')).href;
    const source = `const { handler } = await import(${JSON.stringify(index)});
      const answer = await handler(${JSON.stringify(event)}, { awsRequestId: '1', getRemainingTimeInMillis: () => 60000 });
      const { caption, ...rest } = JSON.parse(answer.body);
      console.log(JSON.stringify(caption ?? rest));
      process.exit(0);`;
    writeFileSync(file, source);
    return [JSON.parse(node(file).trim().split('\n').at(-1))];
  },
  vite: async () => {
    const target = example('vite');
    run(bin('vite'), ['build', '--logLevel', 'warn'], { cwd: target });
    return captionInPage(join(target, 'dist'));
  },
  'vite dev': async () =>
    withServer(
      bin('vite'),
      ['--port', '0', '--host', '127.0.0.1'],
      join(folder, 'vite'),
      {},
      captionAt,
    ),
  webpack: bundledPage('webpack', (out) =>
    run(bin('webpack'), [
      './page.js',
      '--mode',
      'development',
      '--devtool',
      'false',
      '--output-path',
      out,
      '--output-filename',
      'main.js',
    ]),
  ),
  rollup: bundledPage('rollup', async (out) => {
    const { rollup } = await import(pathToFileURL(join(modules, 'rollup/dist/es/rollup.js')).href);
    const { default: resolve } = await import(
      pathToFileURL(join(modules, '@rollup/plugin-node-resolve/dist/es/index.js')).href
    );
    const bundle = await rollup({
      input: join(folder, 'page.js'),
      plugins: [resolve({ browser: true })],
      onwarn() {},
    });
    await bundle.write({ dir: out, format: 'es', entryFileNames: 'main.js' });
    copyFiles(out);
  }),
  esbuild: bundledPage('esbuild', (out) => {
    run(bin('esbuild'), [
      'main=page.js',
      '--bundle',
      '--splitting',
      '--format=esm',
      `--outdir=${out}`,
      '--log-level=error',
    ]);
    copyFiles(out);
  }),
  'esbuild for node': async () => {
    // Elsewhere, where no node_modules is in sight.
    const out = mkdtempSync(join(tmpdir(), 'zipcaption-bundled-'));
    cpSync(join(root, 'examples/node/index.mjs'), join(folder, 'program.mjs'));
    const entries = ['main=program.mjs', 'worker=zipcaption/worker'];
    run(bin('esbuild'), [
      ...entries,
      '--bundle',
      '--platform=node',
      '--format=esm',
      `--outdir=${out}`,
      '--log-level=error',
    ]);
    writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
    copyFiles(out);
    cpSync(join(modules, '@jsquash/webp/codec/dec/webp_dec.wasm'), join(out, 'webp_dec.wasm'));
    const printed = run(process.execPath, ['main.js', photo, webp], { cwd: out });
    rmSync(out, { recursive: true });
    return captionsOf(printed);
  },
  'webpack for node': async () => {
    const program = readFileSync(join(root, 'examples/node/index.mjs'), 'utf8');
    writeFileSync(join(folder, 'program.mjs'), program.replace('{ workers: 2 }', ''));
    const out = join(folder, 'webpack-for-node-out');
    const target = ['--target', 'node', '--mode', 'development', '--devtool', 'false'];
    run(bin('webpack'), ['./program.mjs', ...target, '--output-path', out]);
    writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }');
    return captionsOf(run(process.execPath, [join(out, 'main.js'), photo, webp]));
  },
  vscode: async () => {
    run(process.execPath, ['build.mjs'], { cwd: example('vscode') });
    // As the extension is installed: without node_modules.
    const out = mkdtempSync(join(tmpdir(), 'zipcaption-extension-'));
    cpSync(join(folder, 'vscode/dist'), out, { recursive: true });
    // The editor itself is not there; what it gives the extension is.
    const host = `const Module = require('node:module');
      let command, copied;
      const vscode = {
        ProgressLocation: {},
        commands: { registerCommand: (name, run) => ({ dispose() {}, run: (command = run) }) },
        env: { clipboard: { writeText: async (text) => { copied = text; } } },
        window: {
          withProgress: (options, work) => work(),
          showInformationMessage() {},
          showErrorMessage: (text) => { copied = text; },
        },
      };
      const load = Module._load;
      Module._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));
      const { activate, deactivate } = require('./extension.js');
      activate({ subscriptions: [] });
      command({ fsPath: ${JSON.stringify(photo)} }).then(deactivate).then(() => console.log(copied));`;
    writeFileSync(join(out, 'host.js'), host);
    const hasWebp = existsSync(join(out, 'webp_dec.wasm'));
    const printed = run(process.execPath, ['host.js'], { cwd: out }).trim();
    rmSync(out, { recursive: true });
    const text = /^!\[(.*)\]\(rocket\.jpg\)$/.exec(printed)?.[1] ?? printed;
    return hasWebp ? [text] : [text, 'webp_dec.wasm is missing'];
  },
  obsidian: async () => {
    const target = example('obsidian');
    run(process.execPath, ['build.mjs'], { cwd: target });
    // The app itself is not there; what it gives the plug-in is. It evaluates main.js without a file name.
    const host = `const { readFileSync } = require('node:fs');
      let line = 'Before ![[rocket.jpg]] after', command;
      const obsidian = {
        Notice: function (text) { console.log(text); },
        Plugin: class {
          app = {
            metadataCache: { getFirstLinkpathDest: (path) => ({ path }) },
            vault: { readBinary: async () => new Uint8Array(readFileSync(${JSON.stringify(photo)})).buffer },
          };
          addCommand = (given) => { command = given; };
        },
      };
      const plugin = { exports: {} };
      new Function('module', 'exports', 'require', readFileSync('main.js', 'utf8'))(
        plugin, plugin.exports, (name) => (name === 'obsidian' ? obsidian : undefined));
      const editor = {
        getCursor: () => ({ line: 0 }),
        getLine: () => line,
        setLine: (at, text) => { line = text; },
      };
      const made = new plugin.exports.default();
      made.onload();
      command.editorCallback(editor, { file: { path: 'note.md' } }).then(() => {
        made.onunload();
        console.log(line);
      });`;
    writeFileSync(join(target, 'host.cjs'), host);
    const printed = run(process.execPath, ['host.cjs'], { cwd: target }).trim();
    return [/^Before !\[\[rocket\.jpg\|(.*)\]\] after$/.exec(printed)?.[1] ?? printed];
  },
  next: async () => {
    const target = example('next');
    const env = { NEXT_TELEMETRY_DISABLED: '1', PORT: '0', HOSTNAME: '127.0.0.1' };
    cpSync(modules, join(target, 'node_modules'), { recursive: true });
    // The one in the project: another copy beside it would bring its own React.
    const next = join(target, 'node_modules/next/dist/bin/next');
    run(process.execPath, [next, 'build'], { cwd: target, env: { ...process.env, ...env } });
    const alone = join(tmpdir(), `zipcaption-standalone-${process.pid}`);
    cpSync(join(target, '.next/standalone'), alone, { recursive: true });
    try {
      return await withServer(process.execPath, ['server.js'], alone, env, (address) =>
        post(`${address}/api/caption`),
      );
    } finally {
      rmSync(alone, { recursive: true });
    }
  },
};

for (const name of Object.keys(PROJECTS)) {
  checks[name] = async () => {
    const target = mkdtempSync(join(tmpdir(), `zipcaption-${name}-`));
    try {
      const packed = pack(['packages/core', 'models/lite']);
      const { start, env } = await buildProject(name, target, packed);
      return await withServer(process.execPath, start, target, env, async (address) => [
        ...(await post(`${address}/api/caption`)),
        ...(await captionAt(`${address}/`)),
      ]);
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  };
}
const LARGE = ['next', ...Object.keys(PROJECTS)];

const wanted = process.argv.slice(2);
const names = Object.keys(checks).filter((name) =>
  wanted.length > 0 ? wanted.includes(name) : !LARGE.includes(name),
);
const captioner = await loadCaptioner();
const { text: expected } = await captioner.caption(photo);
const { text: webpCaption } = await captioner.caption(webp);
await captioner.dispose();
let failed = 0;
try {
  if (names.some((name) => !(name in PROJECTS))) install(names);
  for (const name of names) {
    const texts = await checks[name]().catch((error) => [String(error)]);
    // The browser decodes a JPEG otherwise in the last bit; this photo's caption does not hang on it.
    const isRight = texts.length > 0 && texts.every((text) => text === expected);
    if (!isRight) failed++;
    console.log(
      `${isRight ? 'ok    ' : 'FAILED'} ${name}${isRight ? '' : `: ${texts.join(' | ')}`}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
