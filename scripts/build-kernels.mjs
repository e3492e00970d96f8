// `pnpm build:kernels`: compiles the kernels of the engine and of resizing (AssemblyScript) and writes them as
// modules of TypeScript, which are committed: nobody but who changes a kernel needs the compiler.
//
//   node scripts/build-kernels.mjs [--check]     --check: fail if a committed module is not what comes out
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const source = fileURLToPath(new URL('../packages/core/src/', import.meta.url));
const MODULES = [
  {
    name: 'KERNELS',
    folder: `${source}engine/kernels/assembly/`,
    entry: 'index.ts',
    target: `${source}engine/kernels/module.generated.ts`,
    // The kilobytes from 1024 on are for the shapes that calls pass (engine/memory.ts).
    memory: ['--importMemory', '--memoryBase', '4096'],
  },
  {
    name: 'RESAMPLE',
    folder: `${source}image/assembly/`,
    entry: 'resample.ts',
    target: `${source}image/resample.generated.ts`,
    memory: ['--initialMemory', '1', '--memoryBase', '0'],
  },
];

/** @returns {Promise<Uint8Array>} the WebAssembly module */
async function compile({ folder, entry, memory }) {
  let module;
  const { error, stderr } = await asc.main(
    [
      ...[entry, '--outFile', 'kernels.wasm', '--runtime', 'stub', ...memory],
      ...['--enable', 'simd', '--optimizeLevel', '3', '--shrinkLevel', '0'],
      ...['--noAssert', '--use', 'abort='],
    ],
    {
      readFile: (name, _base) => {
        try {
          return readFileSync(`${folder}${name}`, 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) module = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${folder}${entry} does not compile:\n${stderr}`);
  return module;
}

/** A module as TypeScript. */
function asTypeScript(name, module) {
  const lines = Buffer.from(module)
    .toString('base64')
    .match(/.{1,90}/g);
  return `// Written by scripts/build-kernels.mjs from assembly/*.ts: ${module.length} bytes of WebAssembly.\n${'/* biome-ignore-all format: generated */'}\nexport const ${name} =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
}

for (const each of MODULES) {
  const module = await compile(each);
  const text = asTypeScript(each.name, module);
  if (!process.argv.includes('--check')) {
    writeFileSync(each.target, text);
    console.log(`${each.target}: ${module.length} bytes`);
  } else if (readFileSync(each.target, 'utf8') !== text) {
    console.error(`${each.target} is not what its sources compile to: run \`pnpm build:kernels\`.`);
    process.exitCode = 1;
  }
}
