import { build } from 'esbuild';

export interface Bundle {
  readonly code: Uint8Array;
  /** What it still imports. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/**
 * The function as one ES module. What it loads only when asked to (the AWS SDK, the native runtime)
 * stays outside.
 *
 * @param root   the repository's folder
 * @param hasWeb take onnxruntime-web along, for models that the built-in engine cannot run
 */
export async function bundleFunction(root: string, hasWeb: boolean): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: ['packages/lambda-adapter/src/lambda/entry.ts'],
    outfile: 'index.mjs',
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
    external: ['@aws-sdk/client-s3', 'onnxruntime-node', ...(hasWeb ? [] : ['onnxruntime-web'])],
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
