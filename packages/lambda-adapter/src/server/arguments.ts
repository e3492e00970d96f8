import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface ServeArguments {
  readonly help: boolean;
  readonly port: number;
  readonly host: string;
  readonly workers: number;
  readonly maxConnections: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly writeTimeout: number;
  readonly grace: number;
  readonly trustedProxies: number;
  /** Settings that flags name, as the variables that they stand for. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A core is left to the thread that answers. */
const defaultWorkers = (): number => Math.max(1, availableParallelism() - 1);

export const usage = `Serves captions over HTTP.

  zipcaption-serve [options]

  --port NUMBER             default 8080, or the variable PORT; 0 takes a free one
  --host ADDRESS            default 127.0.0.1; 0.0.0.0 or :: lets others in
  --workers NUMBER          threads that caption, each with a model of its own; default: the cores
                            less one, at least one
  --rate NUMBER/UNIT        requests of one client: 10/s, 100/min, 1000/h; default: any number
  --max-body-memory BYTES   bytes that all bodies together may take, such as 64M; default 64M
  --max-connections NUMBER  connections at once; default 256
  --trusted-proxies NUMBER  proxies in front that add to X-Forwarded-For; default 0
  --request-timeout SECONDS a request must have come whole within this time; default 60
  --keep-alive SECONDS      a connection may be idle between two requests; longer than proxies in front
                            keep theirs; default 75
  --write-timeout SECONDS   a client must read some of its answer within this time; default 10
  --grace SECONDS           requests under way may still take this long at the end; default 35
  --help

POST a photo to /caption; GET / is a page to try it with. Further settings are variables
(ZIPCAPTION_…, see docs/http-api.md).
`;

/** @throws Error with a sentence for the user */
export function parseServeArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServeArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: env.PORT || '8080' },
      host: { type: 'string', default: '127.0.0.1' },
      workers: { type: 'string', default: String(defaultWorkers()) },
      rate: { type: 'string' },
      'max-body-memory': { type: 'string' },
      'max-connections': { type: 'string', default: '256' },
      'trusted-proxies': { type: 'string', default: '0' },
      'request-timeout': { type: 'string', default: '60' },
      'keep-alive': { type: 'string', default: '75' },
      'write-timeout': { type: 'string', default: '10' },
      grace: { type: 'string', default: '35' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (name: keyof typeof values, least: number, most: number) => {
    const text = String(values[name]);
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most)
      return value;
    throw new Error(`--${name} must be a whole number from ${least} to ${most}, not "${text}".`);
  };
  // Node would listen on all addresses.
  if (values.host.trim() === '') {
    throw new Error('--host must be an address, such as 127.0.0.1, not "".');
  }
  const memory = values['max-body-memory'];
  return {
    help: values.help,
    host: values.host,
    port: number('port', 0, 65_535),
    workers: number('workers', 1, 64),
    maxConnections: number('max-connections', 1, 100_000),
    trustedProxies: number('trusted-proxies', 0, 10),
    requestTimeout: 1000 * number('request-timeout', 1, 3600),
    keepAliveTimeout: 1000 * number('keep-alive', 1, 3600),
    writeTimeout: 1000 * number('write-timeout', 1, 3600),
    grace: 1000 * number('grace', 0, 3600),
    variables: {
      ...(values.rate !== undefined && { ZIPCAPTION_RATE: values.rate }),
      ...(memory !== undefined && { ZIPCAPTION_MAX_BODY_MEMORY: String(bytesOf(memory)) }),
    },
  };
}

const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 2 ** 10],
  ['M', 2 ** 20],
  ['G', 2 ** 30],
]);

function bytesOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,12})([KMG]?)$/i.exec(text.trim()) ?? [];
  const factor = units.get(unit.toUpperCase());
  if (count !== undefined && factor) return Number(count) * factor;
  throw new Error(`--max-body-memory must be a number of bytes such as 64M, not "${text}".`);
}
