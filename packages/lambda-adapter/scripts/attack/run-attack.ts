import { type Attack, must, tally } from './attack.js';
import { type Bystanders, bystanders } from './bystanders.js';
import { startControl, strain } from './machine.js';
import { type Found, Target } from './target.js';

/** Milliseconds of processor time that the thread that answers may go without looking at its events. */
const MOST_BLOCK = 50;
/** Milliseconds for a health check beyond twice what an idle server needs, on a machine of its own. */
const MOST_PROBE = 50;

export interface Outcome {
  readonly name: string;
  readonly failure?: string;
  /** What was seen, in a few words. */
  readonly seen: string;
  readonly found?: Found;
  readonly others?: Bystanders;
}

/** Starts a server, attacks it with honest clients beside, and judges. */
export async function runAttack(attack: Attack): Promise<Outcome> {
  const { name, mostMemory = 600e6, mostWait = 5_000, mayRefuse = false } = attack;
  const target = await Target.start(attack.args, attack.env);
  const control = await startControl();
  const before = strain();
  let found: Found | undefined;
  let others: Bystanders | undefined;
  let seen = '';
  const end = attack.isAlone ? async () => undefined : bystanders(target, control.port);
  try {
    try {
      seen = await attack.run(target);
    } finally {
      others = await end();
    }
    if (target.isAlive) {
      found = await target.found();
      must(found.cpuBlock <= MOST_BLOCK, `blocked for ${found.cpuBlock.toFixed(0)} ms`);
      must(found.peakMemory <= mostMemory, `${(found.peakMemory / 1e6).toFixed(0)} MB of memory`);
    }
    if (others) judge(others, { mostWait, mayRefuse, strain: Math.max(before, strain()) });
    return { name, seen, ...(found && { found }), ...(others && { others }) };
  } catch (error) {
    found ??= target.isAlive ? await target.found() : undefined;
    const failure = error instanceof Error ? error.message : String(error);
    return { name, seen, failure, ...(found && { found }), ...(others && { others }) };
  } finally {
    control.process.kill();
    await target.kill();
  }
}

interface Rules {
  readonly mostWait: number;
  readonly mayRefuse: boolean;
  /** How much longer everything takes because others use this machine. */
  readonly strain: number;
}

function judge({ photos, probes, control }: Bystanders, rules: Rules): void {
  const mostWait = rules.mostWait * rules.strain;
  must(
    rules.mayRefuse || photos.every(({ status }) => status === 200),
    `an honest client got ${tally(photos)}`,
  );
  must(slowest(photos) <= mostWait, `an honest client waited ${slowest(photos).toFixed(0)} ms`);
  must(
    probes.every(({ status }) => status === 200),
    `/livez gave ${tally(probes)}`,
  );
  const idle = slowest(control);
  must(
    slowest(probes) <= MOST_PROBE * rules.strain + 2 * idle,
    `/livez took ${slowest(probes).toFixed(0)} ms, an idle server ${idle.toFixed(0)} ms`,
  );
}

export function slowest(answers: readonly { readonly milliseconds: number }[]): number {
  return Math.max(0, ...answers.map(({ milliseconds }) => milliseconds));
}
