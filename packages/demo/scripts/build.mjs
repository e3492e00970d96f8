/**
 * Builds the page into packages/demo/dist.
 *
 *   node packages/demo/scripts/build.mjs [--model FOLDER] [--out FOLDER] [--api-origin ORIGIN] [--skip-core]
 *
 * --model       another model folder; default: models/lite
 * --api-origin  the one API that api.html may talk to; default: any the visitor types
 * --skip-core   do not compile packages/core first
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { build as bundle } from 'esbuild';
import { localPolicy, remotePolicy } from './content-security-policy.mjs';
import { writeDocs } from './docs.mjs';
import { readSamples, sampleFiles, sampleMarkup, thumbnail } from './samples.mjs';
import { NPM, REPOSITORY } from './site.mjs';

const demo = fileURLToPath(new URL('..', import.meta.url));
const workspace = resolve(demo, '../..');
const source = join(demo, 'src');
const pack = promisify(gzip);

/**
 * @param {{ model?: string, out?: string, apiOrigin?: string, endpoint?: string, skipCore?: boolean }} [options]
 *   endpoint: what the field for an API's address holds at first
 * @returns {Promise<{ out: string, inputs: string[] }>} the folder, and every file that went into a bundle
 */
export async function build(options = {}) {
  const out = resolve(options.out ?? join(demo, 'dist'));
  const modelFolder = resolve(options.model ?? join(workspace, 'models/lite'));
  if (!options.skipCore) {
    execFileSync(join(workspace, 'node_modules/.bin/tsc'), ['--build', 'packages/core'], {
      cwd: workspace,
      stdio: 'inherit',
    });
    execFileSync(process.execPath, [join(workspace, 'scripts/build-worker.mjs')]);
  }
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'samples'), { recursive: true });

  const modelFiles = await packModel(modelFolder, out);
  const runtime = (await engineRuns(modelFolder)) ? undefined : await packRuntime(out);
  const RUNTIME = JSON.stringify(runtime ?? null);
  const library = await bundleScript('worker/library.ts', out, 'captioner.library.[hash]', {
    RUNTIME,
  });
  const worker = await bundleScript('worker/captioner-worker.ts', out, 'captioner.[hash]', {
    LIBRARY: JSON.stringify(library.file),
    MODEL_FILES: JSON.stringify(modelFiles),
    RUNTIME,
  });
  const thumbnails = await bundleScript(
    'thumbnails/thumbnail-worker.ts',
    out,
    'thumbnails.[hash]',
    {},
  );
  const page = await bundleScript('page/main.ts', out, 'page.[hash]', {
    WORKER_SCRIPT: JSON.stringify(worker.file),
    THUMBNAIL_SCRIPT: JSON.stringify(thumbnails.file),
  });
  const theme = await bundleScript('page/chosen-theme.ts', out, 'theme.[hash]', {});
  await bundleScript('embed/embed.ts', out, 'embed', {
    WORKER_SCRIPT: JSON.stringify(worker.file),
    MODEL_DEFAULTS: JSON.stringify(await modelDefaults(modelFolder)),
  });
  const sheets = ['base', 'intake', 'work', 'code', 'camera'];
  const styles = await bundleStyles(out, sheets, 'page.[hash]');
  const download = [...modelFiles, ...(runtime ? [runtime.wasm] : [])].reduce(
    (sum, file) => sum + file.packedSize,
    0,
  );
  const { apiOrigin, endpoint = apiOrigin ?? 'http://localhost:8080' } = options;
  const samples = await readSamples();
  await writePages(out, {
    script: page.file,
    theme: theme.file,
    styles,
    download,
    samples,
    apiOrigin,
    endpoint,
  });
  await copyAssets(out, samples);
  await writeDocs(join(out, 'docs'), {
    csp: localPolicy(),
    theme: theme.file,
    styles: await bundleStyles(out, ['base', 'docs'], 'docs.[hash]'),
    repository: REPOSITORY,
  });

  const icons = ['icon.svg', 'manifest.webmanifest'];
  const thumbnailFiles = samples.map(({ file }) => `samples/${thumbnail(file)}`);
  const shell = ['./', ...icons, ...thumbnailFiles, theme.file, page.file, styles, thumbnails.file];
  const rest = ['api.html', worker.file, library.file, ...(runtime ? [runtime.mjs] : [])];
  const parts = ['index.html', ...shell.slice(1), ...rest];
  const version = await hashOf(parts.map((path) => join(out, path)));
  await bundleScript('service-worker/service-worker.ts', out, 'sw', {
    SHELL: JSON.stringify(shell),
    REST: JSON.stringify(rest),
    BUILD: JSON.stringify(version),
  });
  return { out, inputs: [...page.inputs, ...worker.inputs, ...library.inputs] };
}

/** Can the built-in engine run this model? Then the page needs no other runtime. */
async function engineRuns(model) {
  const core = pathToFileURL(join(workspace, 'packages/core/dist/index.js')).href;
  const { loadCaptioner } = await import(core);
  try {
    await (await loadCaptioner({ model, runtime: 'engine' })).dispose();
    return true;
  } catch (error) {
    if (error.code === 'MODEL_UNSUPPORTED') return false;
    throw error;
  }
}

async function modelDefaults(folder) {
  const { generation } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  return { numBeams: generation.numBeams, maxLength: generation.maxLength };
}

/** The model's files, packed, in a folder that is named after their contents. */
async function packModel(folder, out) {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const { encoder, decoder, tokenizer } = manifest;
  const names = ['manifest.json', encoder.file, decoder.file, tokenizer.file, tokenizer.config];
  return Promise.all(
    names.filter(Boolean).map((name) => packFile(join(folder, name), name, 'model', out)),
  );
}

/**
 * The two files of onnxruntime-web's WASM build, for models that the engine cannot run. The .mjs is loaded by an
 * import, which cannot unpack.
 */
async function packRuntime(out) {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
  const mjs = 'ort-wasm-simd-threaded.mjs';
  const wasm = 'ort-wasm-simd-threaded.wasm';
  const path = `runtime/${(await hashOf([join(folder, mjs)])).slice(0, 12)}/${mjs}`;
  await mkdir(dirname(join(out, path)), { recursive: true });
  await copyFile(join(folder, mjs), join(out, path));
  return { mjs: path, wasm: await packFile(join(folder, wasm), wasm, 'runtime', out) };
}

/** Most static hosts do not compress such files: half of the model's download is saved by doing it here. */
async function packFile(from, name, kind, out) {
  const bytes = await readFile(from);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const packed = await pack(bytes, { level: constants.Z_BEST_COMPRESSION });
  const path = `${kind}/${sha256.slice(0, 12)}/${name}.gz`;
  await mkdir(dirname(join(out, path)), { recursive: true });
  await writeFile(join(out, path), packed);
  return { name, path, packedSize: packed.length, size: bytes.length, sha256 };
}

/** @param {string} name of the file, without its ending; `[hash]` in it is that of its contents */
async function bundleScript(entry, out, name, define) {
  const result = await bundle({
    entryPoints: [join(source, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // The runtime's build that takes its .mjs from a file.
    conditions: ['browser', 'onnxruntime-web-use-extern-wasm'],
    outdir: out,
    entryNames: name,
    define,
    // Without the runtime's files its JavaScript is of no use either.
    external: define.RUNTIME === 'null' ? ['onnxruntime-web/wasm'] : [],
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const [file] = Object.keys(result.metafile.outputs);
  return { file: file.split('/').at(-1), inputs: Object.keys(result.metafile.inputs) };
}

async function bundleStyles(out, sheets, name) {
  const result = await bundle({
    stdin: {
      contents: sheets.map((sheet) => `@import "./${sheet}.css";`).join('\n'),
      resolveDir: join(source, 'styles'),
      sourcefile: 'page.css',
      loader: 'css',
    },
    bundle: true,
    minify: true,
    outdir: out,
    entryNames: name,
    metafile: true,
    // light-dark() and nesting as they stand: what runs the model knows them.
    target: 'esnext',
  });
  return Object.keys(result.metafile.outputs)[0].split('/').at(-1);
}

async function writePages(out, { script, theme, styles, download, samples, apiOrigin, endpoint }) {
  const template = await readFile(join(source, 'page.html'), 'utf8');
  const megabytes = Math.round(download / 1e6);
  const markup = sampleMarkup(samples);
  const shared = {
    script,
    theme,
    styles,
    home: './',
    links: links(),
    samples: markup.items,
    limits: markup.limits,
    credits: markup.credits,
  };
  const fill = (values) =>
    template.replace(/\{\{([\w-]+)\}\}/g, (_, key) => {
      if (values[key] === undefined) throw new Error(`page.html wants a value for "${key}"`);
      return values[key];
    });
  const local = {
    ...shared,
    mode: 'local',
    csp: localPolicy(),
    title: 'zipcaption: a photo into a sentence, in this tab',
    description: 'Captions photos in your browser. Nothing is uploaded.',
    lead: `Describe any photo with a small model that runs in this tab. Nothing is uploaded: a ${megabytes}&nbsp;MB download at the first photo, and then it works offline.`,
    endpoint: '',
    'backend-note': await readFile(join(source, 'backend-note.html'), 'utf8'),
    promise:
      'Photos never leave this tab: the page’s Content-Security-Policy lets it connect to its own address only.',
  };
  const remote = {
    ...shared,
    mode: 'api',
    csp: remotePolicy(apiOrigin),
    title: 'zipcaption: caption photos with your API',
    description: 'Captions photos with a deployed zipcaption API.',
    lead: 'The same page, with a zipcaption API that you run. Photos on this page are sent to the address below, and nowhere else.',
    endpoint: (await readFile(join(source, 'endpoint.html'), 'utf8')).replace(
      '{{api-origin}}',
      endpoint,
    ),
    'backend-note': '',
    promise: 'Photos on this page are sent to the endpoint you name, and nowhere else.',
  };
  await writeFile(join(out, 'index.html'), fill(local));
  const current = ' aria-current="page"';
  await writeFile(
    join(out, 'api.html'),
    fill(remote).replace(current, '').replace('<a href="api.html"', `<a href="api.html"${current}`),
  );
}

function links() {
  const repository = REPOSITORY ? `<a href="${REPOSITORY}">Source</a>` : '';
  return ['<a href="docs/">Documentation</a>', `<a href="${NPM}">npm</a>`, repository]
    .filter(Boolean)
    .join('\n    ');
}

async function copyAssets(out, samples) {
  const icons = ['icon.svg', 'icon-512.png', 'manifest.webmanifest'];
  await Promise.all([
    ...icons.map((name) => copyFile(join(source, name), join(out, name))),
    ...sampleFiles(samples).map(({ from, to }) => copyFile(from, join(out, to))),
  ]);
}

async function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  }
  return hash.digest('hex').slice(0, 16);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      out: { type: 'string' },
      'api-origin': { type: 'string' },
      'skip-core': { type: 'boolean' },
    },
  });
  const { out } = await build({
    model: values.model,
    out: values.out,
    apiOrigin: values['api-origin'],
    skipCore: values['skip-core'],
  });
  await stat(out);
  console.log(`The page is in ${out}`);
}
