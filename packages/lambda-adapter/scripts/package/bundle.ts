import { build } from 'esbuild';

export interface Bundle {
  readonly code: Uint8Array;
  /** What it still imports. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/** The modules of the zip and what they are made of. */
const entries = {
  'index.mjs': 'packages/lambda-adapter/src/lambda/entry.ts',
  'batch.mjs': 'packages/lambda-adapter/src/batch/entry.ts',
} as const;
export type EntryName = keyof typeof entries;

/**
 * The function of one handler as one ES module, which shares no file with the others: what one of
 * them needs costs the start of another nothing. What it loads only when asked to (the AWS SDK, the native runtime)
 * stays outside.
 *
 * @param root   the repository's folder
 * @param hasWeb take onnxruntime-web along, for models that the built-in engine cannot run
 * @param name   the file in the zip
 */
export async function bundleFunction(
  root: string,
  hasWeb: boolean,
  name: EntryName = 'index.mjs',
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: [entries[name]],
    outfile: name,
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    // The oldest runtime that Lambda still offers.
    target: 'node22',
    // Licences ask to stay with the code; there is no other file for them to be in.
    legalComments: 'eof',
    logLevel: 'warning',
    external: ['@aws-sdk/*', 'onnxruntime-node', ...(hasWeb ? [] : ['onnxruntime-web'])],
    alias: {
      zipcaption: `${root}/packages/core/src/index.ts`,
      '#platform': `${root}/packages/core/src/node/platform.ts`,
    },
    // Some of what is bundled was CommonJS and calls `require` for parts of Node.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (!file || !output) throw new Error('esbuild wrote nothing.');
  return {
    code: file.contents,
    imports: output.imports.filter(({ external }) => external).map(({ path }) => path),
    exports: output.exports,
  };
}
