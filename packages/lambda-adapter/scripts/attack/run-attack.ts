import { type Attack, must, tally } from './attack.js';
import { type Bystanders, bystanders } from './bystanders.js';
import { type Found, Target } from './target.js';

/** Milliseconds of processor time that the thread that answers may go without looking at its events. */
const MOST_BLOCK = 50;
/** Milliseconds within which a health check must be answered, on a machine that others use, too. */
const MOST_PROBE = 1_000;

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
  const {
    name,
    mostMemory = 600e6,
    mostWait = 10_000,
    mayRefuse = false,
    mostBlock = MOST_BLOCK,
  } = attack;
  const target = await Target.start(attack.args, attack.env);
  let found: Found | undefined;
  let others: Bystanders | undefined;
  let seen = '';
  const end = attack.isAlone ? async () => undefined : bystanders(target);
  try {
    try {
      seen = await attack.run(target);
    } finally {
      others = await end();
    }
    if (target.isAlive) {
      found = await target.found();
      must(found.cpuBlock <= mostBlock, `blocked for ${found.cpuBlock.toFixed(0)} ms`);
      must(found.peakMemory <= mostMemory, `${(found.peakMemory / 1e6).toFixed(0)} MB of memory`);
    }
    if (others) judge(others, mostWait, mayRefuse);
    return { name, seen, ...(found && { found }), ...(others && { others }) };
  } catch (error) {
    found ??= target.isAlive ? await target.found() : undefined;
    const failure = error instanceof Error ? error.message : String(error);
    return { name, seen, failure, ...(found && { found }), ...(others && { others }) };
  } finally {
    await target.kill();
  }
}

function judge({ photos, probes }: Bystanders, mostWait: number, mayRefuse: boolean): void {
  must(
    mayRefuse || photos.every(({ status }) => status === 200),
    `an honest client got ${tally(photos)}`,
  );
  must(slowest(photos) <= mostWait, `an honest client waited ${slowest(photos).toFixed(0)} ms`);
  must(
    probes.every(({ status }) => status === 200),
    `/livez gave ${tally(probes)}`,
  );
  must(slowest(probes) <= MOST_PROBE, `/livez took ${slowest(probes).toFixed(0)} ms`);
}

export function slowest(answers: readonly { readonly milliseconds: number }[]): number {
  return Math.max(0, ...answers.map(({ milliseconds }) => milliseconds));
}
