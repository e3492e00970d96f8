// The worker of the built package, which also does what a photo's path or pixels spell: end, fail or
// hang.
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { loadPipeline } from '../../dist/load-pipeline.js';
import { serveCaptioner } from '../../dist/pool/serve.js';

const answer = serveCaptioner((message) => parentPort.postMessage(message), loadPipeline);

const faults = {
  exit: () => process.exit(3),
  throw: () => {
    throw new Error('out of luck');
  },
  hang: () => {
    for (;;);
  },
};

/** @param {unknown} input a path, or pixels whose bytes are letters */
const spelledBy = (input) => (input?.data ? String.fromCharCode(...input.data) : String(input));

parentPort.on('message', (request) => {
  const [fault, once, photo] = spelledBy(request.input).split('|');
  if (!(fault in faults)) return void answer(request);
  if (once && existsSync(once)) return void answer({ ...request, input: photo });
  if (once) writeFileSync(once, '');
  faults[fault]();
});
