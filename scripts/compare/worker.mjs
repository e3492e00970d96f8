import { engines } from './engines.mjs';

/* One engine, one model, one process: node worker.mjs <engine> <folder> <dtype> [beams] */

const [engine, folder, dtype, beams = '1'] = process.argv.slice(2);
const TOKENS = Number(process.env.TOKENS ?? 11);
/** On a busy machine the least of several rounds says more: five by default. */
const ROUNDS = Number(process.env.ROUNDS ?? 5);

/** Milliseconds of processor time so far: what a clock shows on an idle core, on a busy one too. */
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const started = clock();
const caption = await engines[engine](folder, dtype);
const loaded = clock() - started;

const time = async (tokens) => {
  const from = clock();
  await caption(tokens, Number(beams));
  return clock() - from;
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
console.log(JSON.stringify({ load: loaded, first: least('short'), token: least('token'), peak }));
