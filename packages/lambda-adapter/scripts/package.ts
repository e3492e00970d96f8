import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CaptionError, loadCaptioner } from 'zipcaption';
import { model } from './package/contents.js';
import { functionContents } from './package/package-function.js';
import { overBudget, sizeTable } from './package/size-table.js';
import { deterministicZip, zipEntries } from './package/zip.js';
import { repositoryRoot } from './repository-root.js';

const usage = `Packages the function as a zip for AWS Lambda.

  pnpm package:lambda [options]

  --model FOLDER        another model than models/lite; "none" leaves it out, for ZIPCAPTION_MODEL
                        to name one (a mounted folder, s3://…) or for a layer
  --web                 take onnxruntime-web along, which runs models that the built-in engine cannot;
                        on by itself for such a --model, and for none
  --native ARCH         take onnxruntime-node for x86_64 or arm64 along; set
                        ZIPCAPTION_RUNTIME=native for the function
  --layer               write only the model, as a layer for functions packaged with --model none
  --out FILE            default dist/lambda/zipcaption-lambda.zip
  --budget MB           fail above this size (default 20; 50 with --native)
`;

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'models/lite' },
    web: { type: 'boolean', default: false },
    native: { type: 'string' },
    layer: { type: 'boolean', default: false },
    out: { type: 'string' },
    budget: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else {
  await main();
}

/** Can the built-in engine run this model? */
async function engineRuns(folder: string): Promise<boolean> {
  try {
    await (await loadCaptioner({ model: folder, runtime: 'engine' })).dispose();
    return true;
  } catch (error) {
    if (error instanceof CaptionError && error.code === 'MODEL_UNSUPPORTED') return false;
    throw error;
  }
}

async function main(): Promise<void> {
  const { native, layer } = values;
  if (native !== undefined && native !== 'x86_64' && native !== 'arm64') {
    throw new Error(`--native must be x86_64 or arm64, not "${native}".`);
  }
  const megabytes = Number(values.budget ?? (native ? 50 : 20));
  if (!(megabytes > 0)) throw new Error('--budget must be a number of megabytes.');
  const folder = values.model === 'none' ? undefined : resolve(repositoryRoot, values.model);
  if (layer && folder === undefined) throw new Error('--layer needs a model.');
  const contents =
    layer && folder
      ? await model(folder)
      : await functionContents(repositoryRoot, {
          ...(folder && { model: folder }),
          web: values.web || (!native && !(folder && (await engineRuns(folder)))),
          ...(native && { native }),
        });
  const zip = deterministicZip(contents);
  const entries = zipEntries(zip);
  console.log(sizeTable(entries, zip.length));
  const wrong = overBudget(entries, zip.length, megabytes * 1e6);
  if (wrong) {
    console.error(wrong);
    process.exitCode = 1;
    return;
  }
  const name = layer ? 'zipcaption-model-layer.zip' : 'zipcaption-lambda.zip';
  const out = resolve(repositoryRoot, values.out ?? `dist/lambda/${name}`);
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, zip);
  console.log(
    `\nWrote ${out}, ${((100 * zip.length) / (megabytes * 1e6)).toFixed(0)} % of the budget.`,
  );
}
