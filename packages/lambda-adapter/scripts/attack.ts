import { parseArgs } from 'node:util';
import { attacks } from './attack/attacks.js';
import { type Outcome, runAttack, slowest } from './attack/run-attack.js';

/*
 * Attacks a server of its own on this machine, one way after the other, with an honest client and a
 * health check beside; says what each did, and fails if one of them harmed more than it may. Times depend
 * on who else uses the machine: an attack did harm if it did in each of three tries.
 *
 *   pnpm attack [--short] [--only TEXT]
 */

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});

const TRIES = 3;

const columns = ['block (CPU / wall)', 'memory', 'honest photos', '/livez (idle server)', ''];
console.log('attack'.padEnd(50), ...columns.map((title) => title.padEnd(19)));

let failures = 0;
for (const attack of attacks) {
  if ((values.short && !attack.isShort) || !attack.name.includes(values.only)) continue;
  let outcome = await runAttack(attack);
  print(outcome);
  for (let again = 1; outcome.failure && again < TRIES; again++) {
    outcome = await runAttack(attack);
    print(outcome);
  }
  if (outcome.failure) failures++;
}
console.log(failures === 0 ? '\nNo harm done.' : `\n${failures} attacks did harm.`);
process.exitCode = failures === 0 ? 0 : 1;

function print({ name, failure, seen, found, others }: Outcome): void {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const cells = [
    found ? `${ms(found.cpuBlock)} / ${ms(found.wallBlock)}` : '-',
    found ? `${(found.peakMemory / 1e6).toFixed(0)} MB` : '-',
    others ? `${others.photos.length}, ≤ ${ms(slowest(others.photos))}` : '-',
    others
      ? `${others.probes.length}, ≤ ${ms(slowest(others.probes))} (${ms(slowest(others.control))})`
      : '-',
  ];
  const verdict = failure ? `FAIL: ${failure}` : 'ok';
  console.log(name.padEnd(50), ...cells.map((cell) => cell.padEnd(19)), `${verdict}  ${seen}`);
}
