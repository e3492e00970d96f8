// Time and bytes to the first caption in Chromium, as a new visitor with an empty cache, from a server on this
// machine that sends files as gzip: the engine and onnxruntime-web in turn, one thread each. The page captions on its
// own thread.
//
//   node scripts/bench/browser.mjs [VISITS] [PHOTO]        after tsc --build; $CHROMIUM names another browser
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const [visits = '7', photo = 'samples/rocket.jpg'] = process.argv.slice(2);
const core = fileURLToPath(new URL('../../packages/core/', import.meta.url));
const require = createRequire(join(core, 'package.json'));
const model = dirname(require.resolve('@zipcaption/lite/manifest.json'));
const ort = dirname(require.resolve('onnxruntime-web/wasm'));
const folder = mkdtempSync(join(tmpdir(), 'zipcaption-browser-'));

const page = `
  import { loadCaptioner } from 'zipcaption';
  const runtime = new URLSearchParams(location.search).get('runtime');
  const wasm = {
    mjs: new URL('/ort/ort-wasm-simd-threaded.mjs', location),
    wasm: new URL('/ort/ort-wasm-simd-threaded.wasm', location),
  };
  const captioner = await loadCaptioner({ runtime, model: '/model/', wasm, threads: 1 });
  const loaded = performance.now();
  const { text } = await captioner.caption(await (await fetch('/photo')).blob());
  globalThis.outcome = { text, loaded, captioned: performance.now() };
`;
await build({
  stdin: { contents: page, resolveDir: core, sourcefile: 'page.js' },
  outdir: folder,
  entryNames: 'page',
  splitting: true,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'warning',
});

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const compressed = new Map();
/** The file at a path, as gzip where that is smaller. */
function answer(path) {
  const file = path.startsWith('/model/')
    ? join(model, path.slice(7))
    : path.startsWith('/ort/')
      ? join(ort, path.slice(5))
      : path === '/photo'
        ? photo
        : join(folder, path);
  const bytes = readFileSync(file);
  const small = gzipSync(bytes);
  const isSmaller = small.length < bytes.length * 0.95;
  return {
    body: isSmaller ? small : bytes,
    headers: {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      ...(isSmaller && { 'content-encoding': 'gzip' }),
    },
  };
}

let sent = 0;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>.</title><script type="module" src="/page.js"></script>');
    return;
  }
  let found = compressed.get(pathname);
  try {
    found ??= answer(pathname);
  } catch {
    response.writeHead(404).end();
    return;
  }
  compressed.set(pathname, found);
  sent += found.body.length;
  response.writeHead(200, { ...found.headers, 'content-length': found.body.length });
  response.end(found.body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${server.address().port}/`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const runs = { engine: [], web: [] };
for (let visit = 0; visit <= Number(visits); visit++) {
  for (const runtime of Object.keys(runs)) {
    const context = await browser.newContext();
    const tab = await context.newPage();
    tab.on('pageerror', (error) => {
      throw error;
    });
    sent = 0;
    await tab.goto(`${address}?runtime=${runtime}`);
    await tab.waitForFunction(() => globalThis.outcome, undefined, { timeout: 120_000 });
    const outcome = await tab.evaluate(() => globalThis.outcome);
    // The first visit is the server's, which compresses the files.
    if (visit > 0) runs[runtime].push({ ...outcome, sent });
    await context.close();
  }
}
console.log(`Chromium ${browser.version()}, ${photo}, ms: least (median) of ${visits} visits`);
for (const [runtime, list] of Object.entries(runs)) {
  const times = (key) => {
    const sorted = list.map((run) => run[key]).sort((a, b) => a - b);
    return `${sorted[0].toFixed(0)} (${sorted[sorted.length >> 1].toFixed(0)})`;
  };
  const [{ sent: bytes, text }] = list;
  console.log(
    `${runtime.padEnd(7)} loaded ${times('loaded')}   first caption ${times('captioned')}   ${(bytes / 1e6).toFixed(2)} MB   “${text}”`,
  );
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });
