import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { repositoryRoot } from '../repository-root.js';
import { type Bundle, bundleFunction } from './bundle.js';
import { type Contents, model } from './contents.js';
import { functionContents } from './package-function.js';
import { overBudget, sizeTable } from './size-table.js';
import { deterministicZip, zipEntries } from './zip.js';

describe('a deterministic zip', () => {
  const contents = new Map([
    ['b/two.txt', new TextEncoder().encode('two '.repeat(500))],
    ['a.txt', new TextEncoder().encode('one')],
  ]);

  it('does not depend on the order, the clock or the time zone', () => {
    const zips = ['UTC', 'Pacific/Auckland', 'America/Los_Angeles'].map((zone) => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      try {
        return deterministicZip(zone === 'UTC' ? contents : new Map([...contents].reverse()));
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    });
    expect(Buffer.compare(zips[0] as Uint8Array, zips[1] as Uint8Array)).toBe(0);
    expect(Buffer.compare(zips[0] as Uint8Array, zips[2] as Uint8Array)).toBe(0);
  });

  it('holds what was put in, readable by every user', () => {
    const zip = deterministicZip(contents);
    expect(unzipSync(zip)).toEqual(Object.fromEntries(contents));
    expect(zipEntries(zip)).toEqual([
      { name: 'a.txt', size: 3, compressed: expect.any(Number) },
      { name: 'b/two.txt', size: 2000, compressed: expect.any(Number) },
    ]);
    const view = new DataView(zip.buffer, zip.byteOffset);
    const directory = view.getUint32(zip.length - 6, true);
    // External attributes hold the mode in their upper half; "made by" says Unix.
    expect(view.getUint32(directory + 38, true) >>> 16).toBe(0o100644);
    expect(view.getUint8(directory + 5)).toBe(3);
  });

  it('has a table of its sizes, and a budget', () => {
    const zip = deterministicZip(contents);
    const entries = zipEntries(zip);
    expect(sizeTable(entries, zip.length)).toMatch(/b\/two\.txt +0\.002 MB/);
    expect(overBudget(entries, zip.length, 10_000)).toBeUndefined();
    expect(overBudget(entries, zip.length, 100)).toContain('budget');
    expect(overBudget([{ name: 'x', size: 300 * 2 ** 20, compressed: 1 }], 1, 100)).toContain(
      '250 MiB',
    );
  });
});

describe('a model', () => {
  it('is its manifest and the files that this names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zipcaption-model-'));
    const manifest = {
      encoder: { file: 'e.onnx', data: ['e.data'] },
      decoder: { file: 'd.onnx' },
      tokenizer: { file: 't.json' },
    };
    for (const name of ['e.onnx', 'e.data', 'd.onnx', 't.json', 'README.md'])
      writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const names = [...(await model(folder)).keys()].sort();
    expect(names).toEqual([
      'model/d.onnx',
      'model/e.data',
      'model/e.onnx',
      'model/manifest.json',
      'model/t.json',
    ]);
    await expect(model(join(folder, 'none'))).rejects.toThrow('no model');
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify({ ...manifest, tokenizer: { file: '../t.json' } }),
    );
    await expect(model(folder)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    rmSync(folder, { recursive: true });
  });
});

describe('the function', () => {
  let contents: Contents;
  let bundle: Bundle;
  let batch: Bundle;
  beforeAll(async () => {
    contents = await functionContents(repositoryRoot, { web: true });
    bundle = await bundleFunction(repositoryRoot, true);
    batch = await bundleFunction(repositoryRoot, true, 'batch.mjs');
  });

  it('is a module for each handler and the decoder of WebP, small', async () => {
    const small = await functionContents(repositoryRoot, {});
    expect([...small.keys()].sort()).toEqual(['batch.mjs', 'index.mjs', 'webp_dec.wasm']);
    expect(deterministicZip(small).length).toBeLessThan(600_000);
  });

  it('has the two files of onnxruntime-web besides, where that is asked for', () => {
    expect([...contents.keys()].sort()).toEqual([
      'batch.mjs',
      'index.mjs',
      'ort-wasm-simd-threaded.mjs',
      'ort-wasm-simd-threaded.wasm',
      'webp_dec.wasm',
    ]);
  });

  it('imports nothing but Node', () => {
    for (const { imports } of [bundle, batch]) {
      expect(imports.length).toBeGreaterThan(5);
      for (const name of imports) expect(builtinModules).toContain(name.replace('node:', ''));
    }
  });

  it('has no AWS SDK in it, and nothing of the batch in the HTTP handler', () => {
    const text = (code: Uint8Array) => Buffer.from(code).toString();
    // A class that every client of the SDK has.
    for (const { code } of [bundle, batch]) expect(text(code)).not.toContain('NodeHttpHandler');
    expect(text(batch.code)).toContain('ZIPCAPTION_RESULTS');
    expect(text(bundle.code)).not.toContain('ZIPCAPTION_RESULTS');
  });

  it('tells nothing of the machine it was packaged on', () => {
    expect(Buffer.from(bundle.code).includes(repositoryRoot)).toBe(false);
  });

  it('comes out the same each time', () => {
    expect(Buffer.compare(bundle.code, contents.get('index.mjs') ?? new Uint8Array())).toBe(0);
  });

  it('exports what the template and the Dockerfile name', () => {
    expect([...bundle.exports].sort()).toEqual(['handler', 'streamHandler']);
    expect(batch.exports).toEqual(['handler']);
    const handlers = [...readText('template.yaml').matchAll(/index\.(\w+)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(handlers)).toEqual(new Set(['handler', 'streamHandler']));
    expect(readText('Dockerfile')).toContain('CMD ["index.handler"]');
  });

  it('has every file that the Dockerfile copies', () => {
    const copied = [
      ...readText('Dockerfile').matchAll(/^COPY (.*) \$\{LAMBDA_TASK_ROOT\}\/.*$/gm),
    ].flatMap(([, names = '']) => names.split(' '));
    expect(copied.filter((name) => name !== 'model/').sort()).toEqual([
      'batch.mjs',
      'index.mjs',
      'webp_dec.wasm',
    ]);
  });
});

const readText = (name: string) =>
  readFileSync(join(repositoryRoot, 'packages/lambda-adapter', name), 'utf8');

describe('template.yaml', () => {
  const tag = (name: string): ScalarTag => ({
    tag: `!${name}`,
    resolve: (text) => ({ [name]: text }),
  });
  const template = parse(readText('template.yaml'), {
    logLevel: 'silent',
    customTags: ['Ref', 'GetAtt', 'Sub', 'Condition'].map(tag),
  }) as Record<'Parameters' | 'Resources' | 'Conditions' | 'Outputs', Record<string, unknown>>;
  const named = (key: string): string[] => {
    const found: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, child] of Object.entries(value)) {
        if (name === key && typeof child === 'string') found.push(child);
        else walk(child);
      }
    };
    walk(template);
    return found;
  };
  const resources = Object.keys(template.Resources);
  const known = (name: string) =>
    name.startsWith('AWS::') ||
    name in template.Parameters ||
    resources.includes(name.split('.')[0] ?? '');

  it('refers only to what is there', () => {
    const references = [
      ...named('Ref'),
      ...named('GetAtt'),
      ...named('Sub').flatMap((text) =>
        [...text.matchAll(/\$\{([^!}]+)\}/g)].map(([, name = '']) => name),
      ),
    ];
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((name) => !known(name))).toEqual([]);
    expect(named('Condition').filter((name) => !(name in template.Conditions))).toEqual([]);
  });

  it('uses every parameter', () => {
    const used = new Set(
      named('Ref').concat(named('Sub').flatMap((text) => text.match(/\w+/g) ?? [])),
    );
    expect(Object.keys(template.Parameters).filter((name) => !used.has(name))).toEqual([]);
  });

  it('gives the role no more than its own log and its own model', () => {
    const actions = [...readText('template.yaml').matchAll(/Action: (.*)/g)].map(
      ([, action]) => action,
    );
    expect(new Set(actions)).toEqual(
      new Set([
        'sts:AssumeRole',
        '[logs:CreateLogStream, logs:PutLogEvents]',
        's3:GetObject',
        'lambda:InvokeFunction',
        'lambda:InvokeFunctionUrl',
      ]),
    );
  });
});
