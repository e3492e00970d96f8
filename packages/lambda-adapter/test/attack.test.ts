import { afterAll, beforeAll, expect, it } from 'vitest';
import { attacks } from '../scripts/attack/attacks.js';
import { Target } from '../scripts/attack/target.js';

/*
 * The short attacks of `pnpm attack`, one after the other on the same server, with the embedded model.
 * How long the server is blocked and how much memory it takes is measured there; here it must give the
 * answers that it should, and be well afterwards.
 */

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target?.kill());

/** Tested beside the server and the queue, where no clock is needed. */
const elsewhere = ['60 clients', '300 idle', '256 clients', '64 uploads', '8 PNGs'];
const short = attacks.filter(
  ({ name, isShort }) => isShort && !elsewhere.some((start) => name.startsWith(start)),
);

it.each(short)('$name', async ({ run }) => {
  await run(target);
  const health = { method: 'GET', path: '/readyz' };
  // The last attack ends it.
  if (target.isAlive) expect((await target.send(health)).status).toBe(200);
});
