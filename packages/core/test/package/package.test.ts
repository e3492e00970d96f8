import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../src/version.js';
import { dist, installedFolder, sample, tinyModel } from './pack.js';

let folder: string;
beforeAll(() => {
  folder = installedFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script in the folder with plain Node and gives what it prints. */
function run(script: string): string {
  const file = join(folder, 'script.mjs');
  writeFileSync(file, script);
  return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
}

describe('the packed package in an empty folder', () => {
  test('captions a photo with plain Node', () => {
    const output = run(`
      import { captionImage } from 'zipcaption';
      const { text, model } = await captionImage(${JSON.stringify(sample('rocket.jpg'))});
      console.log(JSON.stringify({ text, model }));
    `);
    const { text, model } = JSON.parse(output);
    expect(model.name).toBe('lite');
    expect(text.split(' ').length).toBeGreaterThan(2);
  });

  test('captions on worker threads, in order, with a bad photo between', () => {
    const inputs = JSON.stringify([sample('rocket.jpg'), 'missing.jpg', sample('chelsea.png')]);
    const output = run(`
      import { loadCaptioner } from 'zipcaption';
      const captioner = await loadCaptioner({ model: ${JSON.stringify(tinyModel)} });
      const inputs = ${inputs};
      const collect = async (options) => {
        const outcomes = [];
        for await (const { index, text, error } of captioner.captionAll(inputs, options)) {
          outcomes.push([index, text ?? null, error?.code ?? null]);
        }
        return outcomes;
      };
      const [one, two] = [await collect({}), await collect({ concurrency: 2 })];
      await captioner.dispose();
      console.log(JSON.stringify({ one, two }));
    `);
    const { one, two } = JSON.parse(output);
    expect(two).toEqual(one);
    expect(one.map(([index, , code]: unknown[]) => [index, code])).toEqual([
      [0, null],
      [1, 'FILE_NOT_FOUND'],
      [2, null],
    ]);
  });

  test('captions on worker threads in a program that is given as text', () => {
    const program = `
      import { loadCaptioner } from 'zipcaption';
      const captioner = await loadCaptioner({ model: ${JSON.stringify(tinyModel)}, workers: 1 });
      const { text } = await captioner.caption(${JSON.stringify(sample('rocket.jpg'))});
      console.log(typeof text);
    `;
    const args = ['--input-type=module', '-e', program];
    const output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(output.trim()).toBe('string');
  });

  test('a worker whose model does not load ends the whole with that error', () => {
    const output = run(`
      import { loadCaptioner } from 'zipcaption';
      import { cpSync, rmSync } from 'node:fs';
      cpSync(${JSON.stringify(tinyModel)}, 'model', { recursive: true });
      const captioner = await loadCaptioner({ model: 'model' });
      rmSync('model/encoder.onnx');
      try {
        for await (const _ of captioner.captionAll(['x.jpg', 'y.jpg'], { concurrency: 2 }));
      } catch (error) { console.log(error.name, error.code); }
      await captioner.dispose();
    `);
    expect(output.trim()).toBe('CaptionError MODEL_NOT_FOUND');
  });

  test.each([0, 2])(
    'ends by itself with %i workers: nothing keeps the process alive',
    (workers) => {
      const script = `
      import { loadCaptioner } from 'zipcaption';
      const captioner = await loadCaptioner({ model: ${JSON.stringify(tinyModel)}, workers: ${workers} });
      await captioner.caption(${JSON.stringify(sample('rocket.jpg'))});
    `;
      const file = join(folder, 'end.mjs');
      writeFileSync(file, script);
      const { status, signal } = spawnSync(process.execPath, [file], {
        cwd: folder,
        timeout: 60_000,
      });
      expect({ status, signal }).toEqual({ status: 0, signal: null });
    },
  );

  test('loads no runtime and no decoder before it is asked for a caption', () => {
    const hook = `export async function load(url, context, next) {
      process._rawDebug(url);
      return next(url, context);
    }`;
    writeFileSync(join(folder, 'hook.mjs'), hook);
    writeFileSync(
      join(folder, 'import.mjs'),
      `import { register } from 'node:module';
       register('./hook.mjs', import.meta.url);
       await import('zipcaption');`,
    );
    const { stderr } = spawnSync(process.execPath, ['import.mjs'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/zipcaption\/dist\/captioner\.js/);
    expect(stderr).not.toMatch(/onnxruntime|omggif|fflate|jsquash|png\/decode/);
    expect(stderr).not.toMatch(/dist\/alt|parse5|micromark|mdast|magic-string|node_modules\/yaml/);
  });

  test('has a command line in a few files, which captions, on worker threads too', () => {
    const home = join(folder, 'node_modules/zipcaption');
    const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const photos = [sample('rocket.jpg'), sample('coffee.jpg')];
    const print = (...flags: string[]) =>
      execFileSync(
        process.execPath,
        [join(home, bin.zipcaption), ...photos, '--model', tinyModel, ...flags],
        { cwd: folder, encoding: 'utf8' },
      );
    const lines = print().trim().split('\n');
    expect(lines.map((line) => line.split('  ')[0])).toEqual(photos);
    expect(print('--jobs', '2').trim().split('\n')).toEqual(lines);
  });

  test('without the optional parsers captions, and says what alternative texts need', () => {
    const bare = `${folder}-bare`;
    try {
      cpSync(folder, bare, { recursive: true, verbatimSymlinks: true });
      const { optionalDependencies } = JSON.parse(
        readFileSync(join(bare, 'node_modules/zipcaption/package.json'), 'utf8'),
      );
      for (const name of Object.keys(optionalDependencies)) {
        rmSync(join(bare, 'node_modules', name), { recursive: true });
      }
      writeFileSync(
        join(bare, 'bare.mjs'),
        `import { captionImage } from 'zipcaption';
         import { findInText } from 'zipcaption/alt';
         const { text } = await captionImage(${JSON.stringify(sample('rocket.jpg'))});
         const codes = await Promise.all(['html', 'markdown', 'mdx'].map((kind) =>
           findInText({ text: '<img src="a.jpg" />', kind }).catch((error) => error.code)));
         console.log(JSON.stringify({ text, codes }));`,
      );
      // pnpm names a folder of all packages for Node to fall back to.
      const { NODE_PATH: _, ...env } = process.env;
      const output = execFileSync(process.execPath, ['bare.mjs'], {
        cwd: bare,
        encoding: 'utf8',
        env,
      });
      const { text, codes } = JSON.parse(output);
      expect(text).not.toBe('');
      expect(codes).toEqual(Array(3).fill('PARSER_NOT_FOUND'));
    } finally {
      rmSync(bare, { recursive: true, force: true });
    }
  });

  test('holds what it should, and its version is the one it says', () => {
    const manifest = JSON.parse(
      readFileSync(join(folder, 'node_modules/zipcaption/package.json'), 'utf8'),
    );
    expect(manifest.version).toBe(VERSION);
    const files = execFileSync('find', ['.', '-type', 'f'], {
      cwd: join(folder, 'node_modules/zipcaption'),
      encoding: 'utf8',
    }).split('\n');
    expect(files.filter((file) => /\.test\.|fixtures|\.map$|tsbuildinfo/.test(file))).toEqual([]);
    for (const file of [
      './dist/index.js',
      './dist/index.d.ts',
      './dist/cli/main.js',
      './README.md',
      './LICENSE',
    ]) {
      expect(files).toContain(file);
    }
  });
});

describe('bundled by esbuild for a browser', () => {
  test('has no Node built-in, is small, and loads all decoders but that of JPEG on first use', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: [join(dist, 'index.js')],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      outdir: 'out',
      logLevel: 'silent',
      external: ['onnxruntime-web/wasm'],
    });
    const modules = Object.keys(metafile.inputs);
    expect(modules.filter((path) => /\/dist\/node\/|fflate|omggif/.test(path))).toEqual([]);
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.map(({ path }) => path),
    );
    expect(
      imported.filter((path) => path.startsWith('node:') || builtinModules.includes(path)),
    ).toEqual([]);
    // What every page loads: the entry, and what it imports at once.
    const atOnce = new Set(['out/index.js']);
    for (const path of atOnce) {
      for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) {
        if (kind === 'import-statement') atOnce.add(imported);
      }
    }
    const modulesAtOnce = [...atOnce].flatMap((path) =>
      Object.keys(metafile.outputs[path]?.inputs ?? {}),
    );
    expect(modulesAtOnce.filter((path) => /\/(png|webp|gif)\/decode/.test(path))).toEqual([]);
    const size = (paths: readonly string[]) =>
      outputFiles
        .filter(({ path }) => paths.some((each) => path.endsWith(each)))
        .reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    expect(size([...atOnce])).toBeLessThan(80_000);
    // Chat templates have a part of their own, for models that chat alone.
    const templates = Object.entries(metafile.outputs)
      .filter(([, { inputs }]) => Object.keys(inputs).every((path) => path.includes('/jinja/')))
      .map(([path]) => path);
    expect(size(['.js']) - size(templates)).toBeLessThan(152_000);
    expect(size(templates)).toBeLessThan(35_000);
  });
});

test('bundled by esbuild for Node into one file, with model and runtime beside it, it captions', async () => {
  const { mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const target = mkdtempSync(join(tmpdir(), 'zipcaption-bundle-'));
  const entry = join(target, 'entry.mjs');
  writeFileSync(
    entry,
    `import { loadCaptioner } from ${JSON.stringify(join(dist, 'index.js'))};
     const here = (path) => new URL(path, import.meta.url);
     const captioner = await loadCaptioner({
       model: here('./model/'),
       wasm: { mjs: here('./ort-wasm-simd-threaded.mjs').href, wasm: here('./ort-wasm-simd-threaded.wasm').href },
     });
     console.log((await captioner.caption(process.argv[2])).text);
     await captioner.dispose();`,
  );
  await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    outfile: join(target, 'deployed/index.mjs'),
    banner: {
      js: `import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);`,
    },
  });
  const runtime = join(createRequire(join(dist, 'index.js')).resolve('onnxruntime-web'), '..');
  for (const file of ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
    cpSync(join(runtime, file), join(target, 'deployed', file));
  }
  cpSync(tinyModel, join(target, 'deployed/model'), { recursive: true });
  const text = execFileSync(process.execPath, ['index.mjs', sample('rocket.jpg')], {
    cwd: join(target, 'deployed'),
    encoding: 'utf8',
  });
  expect(text.trim()).not.toBe('');
  rmSync(target, { recursive: true, force: true });
});
