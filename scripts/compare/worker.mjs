import { engines } from './engines.mjs';

/* One engine, one model, one process: node worker.mjs <engine> <folder> <dtype> [beams] */

const [engine, folder, dtype, beams = '1'] = process.argv.slice(2);
const TOKENS = 11;
const ROUNDS = 5;

const started = performance.now();
const caption = await engines[engine](folder, dtype);
const loaded = performance.now() - started;

const time = async (tokens) => {
  const from = performance.now();
  await caption(tokens, Number(beams));
  return performance.now() - from;
};
// The first run is slower: code is compiled, memory taken.
await time(2);
const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  const [short, long] = [await time(1), await time(TOKENS)];
  rounds.push({ short, token: (long - short) / (TOKENS - 1) });
}
const least = (key) => Math.min(...rounds.map((round) => round[key]));
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ load: loaded, first: least('short'), token: least('token'), peak }),
);
