import { Agent } from 'node:http';
import { freshPhoto } from './photos.js';
import { type Answer, HONEST, sendTo, type Target } from './target.js';

/** What others got while the attack went on. */
export interface Bystanders {
  /** Photos of an honest client, sent one after the other. */
  readonly photos: readonly Answer[];
  /** `GET /livez`, every 50 ms. */
  readonly probes: readonly Answer[];
  /** The same of an idle server, at the same moments. */
  readonly control: readonly Answer[];
}

/** Starts an honest client and a health check; the function that is given ends them. */
export function bystanders(target: Target, controlPort: number): () => Promise<Bystanders> {
  let going = true;
  const agent = new Agent({ keepAlive: true });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const repeat = async (every: number, ask: () => Promise<Answer>): Promise<Answer[]> => {
    const answers: Answer[] = [];
    // At least once, and the last one is waited for.
    do {
      answers.push(await ask());
      if (going) await pause(every);
    } while (going);
    return answers;
  };
  const headers = { 'content-type': 'image/jpeg' };
  const photos = repeat(100, () =>
    target.send({ body: freshPhoto(), headers, from: HONEST, path: '/caption?beams=1' }),
  );
  const probe = { method: 'GET', path: '/livez', from: HONEST, agent };
  const control: Answer[] = [];
  const probes = repeat(50, async () => {
    const [answer, other] = await Promise.all([target.send(probe), sendTo(controlPort, probe)]);
    control.push(other);
    return answer;
  });
  return async () => {
    going = false;
    const result = { photos: await photos, probes: await probes, control };
    agent.destroy();
    return result;
  };
}
