import { execFileSync } from 'node:child_process';
import { engines } from './engines.mjs';

/*
 * node compare.mjs <folder> [dtype …]
 *
 * Prints a Markdown table: processor milliseconds to load, to the first token (preprocessing and
 * encoder included), for each further token (best of five), and the most memory it took. Every line
 * is a process of its own; on Linux it is pinned to one core, and the engines take turns.
 */

const [folder, ...given] = process.argv.slice(2);
const dtypes = given.length > 0 ? given : ['fp32', 'q8'];
if (!folder) {
  console.error('Usage: node compare.mjs <folder of a model> [dtype …]');
  process.exit(2);
}
const worker = new URL('./worker.mjs', import.meta.url).pathname;
const pin = process.platform === 'linux' ? ['taskset', '-c', '0'] : [];

function measure(...argv) {
  const [command, ...rest] = [...pin, process.execPath, worker, ...argv];
  const output = execFileSync(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] }).toString();
  return JSON.parse(output.trim().split('\n').at(-1));
}

console.log('| engine | dtype | beams | load ms | first token ms | each further ms | peak MB |');
console.log('|---|---|---|---|---|---|---|');
for (const dtype of dtypes) {
  for (const engine of Object.keys(engines)) {
    // transformers.js has no beam search.
    for (const beams of engine === 'transformers.js' ? [1] : [1, 4]) {
      const { load, first, token, peak } = measure(engine, folder, dtype, String(beams));
      const cells = [engine, dtype, beams, ...[load, first, token, peak].map((n) => n.toFixed(0))];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
