/** Settings of every function and of the server: which model and runtime. */
const everywhere = ['MODEL', 'MODEL_SHA256', 'DTYPE', 'THREADS', 'RUNTIME'];
/** Variables of the command line and the repository's scripts that share the prefix. */
const elsewhere = /^ZIPCAPTION_(NODE_ARGS|TEST_|BENCH_|CACHE(_DIR)?$)/;
/** What Kubernetes sets in every pod beside a service called "zipcaption". */
const serviceLinks = /^ZIPCAPTION_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/;

/**
 * @param own settings of this program besides those of all, without `ZIPCAPTION_`
 * @throws Error naming a variable that is no setting, and those that are
 */
export function refuseUnknown(
  env: Readonly<Record<string, string | undefined>>,
  own: readonly string[],
): void {
  const known = new Set([...own, ...everywhere].map((name) => `ZIPCAPTION_${name}`));
  for (const name of Object.keys(env)) {
    if (!name.startsWith('ZIPCAPTION_') || known.has(name)) continue;
    if (elsewhere.test(name) || serviceLinks.test(name)) continue;
    throw new Error(`There is no setting ${name}. Known settings: ${[...known].join(', ')}.`);
  }
}
