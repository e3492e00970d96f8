import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectAws } from './batch/aws.js';
import { chaos } from './batch/chaos.js';
import { startFaultProxy } from './batch/fault-proxy.js';
import { installMoto, startMoto } from './batch/moto.js';
import { proveServices } from './batch/services.js';
import { functionContents } from './package/package-function.js';
import { deterministicZip } from './package/zip.js';
import { repositoryRoot } from './repository-root.js';
import { remove, unpack } from './sandbox/sandbox.js';

/*
 * The proof of the batch: the packaged zip before moto's S3, SQS, SNS, DynamoDB, EventBridge and Step
 * Functions. First every way from a bucket to a result; then many photos under all that can go wrong.
 */

const usage = `Proves the batch handler of the packaged function against moto.

  pnpm prove:batch [options]

  --objects N    photos under faults (default 10000; 0 leaves this part out)
  --minutes N    let no more photos arrive after so many minutes (default: no limit)
  --model FOLDER the model in the zip (default: the shipped one; a small one, such as
                 packages/core/test/fixtures/tiny-model, leaves the time to the queue)
  --seed N       of all that is left to chance (default: another one each time)
  --skip-services  only the photos under faults
`;

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '10000' },
    minutes: { type: 'string' },
    model: { type: 'string', default: join(repositoryRoot, 'models/lite') },
    seed: { type: 'string' },
    'skip-services': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const objects = wholeNumber('--objects', values.objects);
  const minutes = values.minutes && wholeNumber('--minutes', values.minutes);
  const seed = wholeNumber('--seed', values.seed ?? String(Date.now() % 1e6));
  const program = installMoto();
  if (!program) {
    console.log('Skipped: moto needs Python 3 with venv, which is not here.');
    return;
  }
  const contents = await functionContents(repositoryRoot, { model: resolve(values.model) });
  const folder = unpack(deterministicZip(contents));
  const proxy = await startFaultProxy();
  const moto = await startMoto(program);
  proxy.target = moto.port;
  const aws = connectAws(moto.port);
  let failures = 0;
  try {
    await fetch(`http://127.0.0.1:${moto.port}/moto-api/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
    });
    if (!values['skip-services']) {
      console.log('From a bucket to a result');
      await proveServices({ aws, proxy, folder, check });
    }
    if (objects > 0) {
      console.log(`Under faults, --seed ${seed}`);
      const say = (line: string) => console.log(`  ${line}`);
      const { lines, wrong } = await chaos(
        { aws, proxy, folder },
        { objects, minutes: minutes || Infinity, seed, say },
      );
      const width = Math.max(...lines.map(([what]) => what.length));
      for (const [what, value] of lines) console.log(`  ${what.padEnd(width)}  ${value}`);
      for (const each of wrong.slice(0, 20)) console.log(`  FAIL  ${each}`);
      failures += wrong.length;
      if (wrong.length === 0) console.log('  ok    exactly one result for each photo');
    }
  } finally {
    proxy.close();
    await moto.stop();
    remove(folder);
  }
  process.exitCode = failures > 0 ? 1 : 0;

  async function check(what: string, prove: () => Promise<unknown>): Promise<void> {
    try {
      await prove();
      console.log(`  ok    ${what}`);
    } catch (error) {
      failures++;
      console.log(`  FAIL  ${what}\n        ${error instanceof Error ? error.message : error}`);
    }
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`${name} must be a whole number, not "${text}".`);
}
