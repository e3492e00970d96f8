import { parseArgs } from 'node:util';

export interface ServeArguments {
  readonly help: boolean;
  readonly port: number;
  readonly host: string;
  readonly workers: number;
  readonly maxConnections: number;
  readonly requestTimeout: number;
  readonly grace: number;
}

export const usage = `Serves captions over HTTP.

  zipcaption-serve [options]

  --port NUMBER             default 8080, or the variable PORT; 0 takes a free one
  --host ADDRESS            default 127.0.0.1; 0.0.0.0 or :: lets others in
  --workers NUMBER          processes, each with a model of its own; default 1
  --max-connections NUMBER  connections at once for each worker; default 256
  --request-timeout SECONDS a request must have come whole within this time; default 60
  --grace SECONDS           requests under way may still take this long at the end; default 10
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
      workers: { type: 'string', default: '1' },
      'max-connections': { type: 'string', default: '256' },
      'request-timeout': { type: 'string', default: '60' },
      grace: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (name: string, text: string, least: number, most: number) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most)
      return value;
    throw new Error(`--${name} must be a whole number from ${least} to ${most}, not "${text}".`);
  };
  return {
    help: values.help,
    host: values.host,
    port: number('port', values.port, 0, 65_535),
    workers: number('workers', values.workers, 1, 64),
    maxConnections: number('max-connections', values['max-connections'], 1, 100_000),
    requestTimeout: 1000 * number('request-timeout', values['request-timeout'], 1, 3600),
    grace: 1000 * number('grace', values.grace, 0, 3600),
  };
}
