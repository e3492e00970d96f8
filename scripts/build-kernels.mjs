// `pnpm build:kernels`: compiles the engine's kernels (AssemblyScript) and writes them as a module of
// TypeScript, which is committed: nobody but who changes a kernel needs the compiler.
//
//   node scripts/build-kernels.mjs [--check]     --check: fail if the committed module is not what comes out
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('../packages/core/src/engine/kernels/', import.meta.url));
const target = `${folder}module.generated.ts`;

/** @returns {Promise<Uint8Array>} the WebAssembly module */
export async function compileKernels() {
  let module;
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      ...['--outFile', 'kernels.wasm', '--runtime', 'stub', '--importMemory'],
      // The first kilobytes are for the shapes that calls pass (../memory.ts).
      ...['--memoryBase', '4096', '--enable', 'simd', '--optimizeLevel', '3', '--shrinkLevel', '0'],
      ...['--noAssert', '--use', 'abort='],
    ],
    {
      readFile: (name, _base) => {
        try {
          return readFileSync(`${folder}assembly/${name}`, 'utf8');
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
  if (error) throw new Error(`The kernels do not compile:\n${stderr}`);
  return module;
}

/** The module as TypeScript. */
export function kernelSource(module) {
  const lines = Buffer.from(module)
    .toString('base64')
    .match(/.{1,90}/g);
  return `// Written by scripts/build-kernels.mjs from assembly/*.ts: ${module.length} bytes of WebAssembly.\n${'/* biome-ignore-all format: generated */'}\nexport const KERNELS =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const module = await compileKernels();
  const source = kernelSource(module);
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== source) {
      console.error(
        'The committed kernels are not what the sources compile to: run `pnpm build:kernels`.',
      );
      process.exit(1);
    }
  } else {
    writeFileSync(target, source);
    console.log(`${target}: ${module.length} bytes`);
  }
}
