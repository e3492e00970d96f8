import { Agent } from 'node:http';
import { freshPhoto, knownPhoto } from '../attack/photos.js';
import { type Answer, HONEST, type Sent, type Target } from '../attack/target.js';

const image = { 'content-type': 'image/jpeg' };
const json = { 'content-type': 'application/json' };
const events = { ...image, accept: 'text/event-stream' };
const form = { 'content-type': 'multipart/form-data; boundary=b' };

/** Bytes that the photos of one request may have. */
export const MOST_BYTES = 2 ** 21;

/** A kind of request, and what must come of it unless the server is busy. */
interface Kind {
  readonly name: string;
  readonly make: () => Sent;
  readonly status: number;
  /** True if it takes a worker, so that it may be told to come again. */
  readonly takesWork?: boolean;
  /** What must be in the answer. */
  readonly holds?: string;
}

function twoPhotos(): Buffer {
  const part = (name: string) =>
    Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${name}.jpg"\r\n\r\n`,
    );
  const line = Buffer.from('\r\n');
  const end = Buffer.from('--b--\r\n');
  return Buffer.concat([part('a'), knownPhoto, line, part('b'), freshPhoto(), line, end]);
}

const inJson = (path: string): Sent => ({
  body: Buffer.from(`{"image":"${knownPhoto.toString('base64')}"}`),
  headers: json,
  path,
});

const kinds: readonly Kind[] = [
  {
    name: 'new photo',
    make: () => ({ body: freshPhoto(), headers: image, path: '/caption?beams=1' }),
    status: 200,
    takesWork: true,
    holds: '"caption":',
  },
  {
    name: 'known photo',
    make: () => ({ body: knownPhoto, headers: image }),
    status: 200,
    takesWork: true,
    holds: '"caption":',
  },
  {
    name: 'words as they come',
    make: () => ({ body: freshPhoto(), headers: events }),
    status: 200,
    takesWork: true,
    // The last event: nothing of the stream was lost.
    holds: 'event: result',
  },
  { name: 'json', make: () => inJson('/caption'), status: 200, takesWork: true },
  {
    name: 'new vector',
    make: () => ({ body: freshPhoto(), headers: image, path: '/embed?decode=fast' }),
    status: 200,
    takesWork: true,
    holds: '"embedding":',
  },
  { name: 'vector in json', make: () => inJson('/embed'), status: 200, takesWork: true },
  {
    name: 'two photos',
    make: () => ({ body: twoPhotos(), headers: form, path: '/caption?decode=fast' }),
    status: 200,
    takesWork: true,
    holds: '"results":',
  },
  {
    name: 'not a photo',
    make: () => ({ body: Buffer.from('hello'), headers: image }),
    status: 415,
    takesWork: true,
  },
  {
    name: 'bad json',
    make: () => ({ body: Buffer.from('{"image":'), headers: json }),
    status: 400,
  },
  {
    name: 'too large',
    make: () => ({ body: Buffer.alloc(MOST_BYTES + 1), headers: image }),
    status: 413,
  },
  { name: 'page', make: () => ({ method: 'GET', path: '/' }), status: 200 },
  { name: 'metrics', make: () => ({ method: 'GET', path: '/metrics' }), status: 200 },
  { name: 'alive', make: () => ({ method: 'GET', path: '/livez' }), status: 200 },
];

/** An answer and what is wrong with it. */
export interface Judged {
  readonly name: string;
  readonly takesWork: boolean;
  readonly answer: Answer;
  /** Undefined if nothing is. */
  readonly fault: string | undefined;
}

/** Ask to come again later, and say when. */
const LATER = [429, 503, 504];

function faultOf({ status, takesWork, holds }: Kind, answer: Answer): string | undefined {
  if (answer.status === 0) return `no answer (${answer.failure})`;
  // Of several photos each may be told apart; no memory for a body is said to any.
  const mayWait = takesWork ? LATER : [503];
  if (mayWait.includes(answer.status)) {
    const wait = Number(answer.headers['retry-after']);
    return wait >= 1 ? undefined : `${answer.status} without Retry-After`;
  }
  if (answer.status !== status) return `${answer.status} in place of ${status}`;
  if (holds && !answer.body.includes(holds)) return `the answer lacks ${holds}`;
  return undefined;
}

/** Clients that send one request after the other, as a library with kept connections does, until told to stop. */
export async function honestClients(
  target: Target,
  connections: number,
  isOver: () => boolean,
  tell: (judged: Judged) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = async (lane: number) => {
    for (let n = lane; !isOver(); n++) {
      const kind = kinds[n % kinds.length];
      if (!kind) return;
      const answer = await target.send({ ...kind.make(), agent, from: HONEST });
      const { name, takesWork = false } = kind;
      tell({ name, takesWork, answer, fault: faultOf(kind, answer) });
      if (LATER.includes(answer.status)) await new Promise((later) => setTimeout(later, 1_000));
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, lane) => client(lane)));
  agent.destroy();
}
