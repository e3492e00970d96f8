import { apiKeys } from '../http/settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Milliseconds between two looks at the file. It is read each time: a mounted Kubernetes secret changes by
 * way of links, which watching the file or its folder does not show.
 */
const LOOK_EVERY = 5_000;

export interface KeyRing {
  /** The keys that hold now; another list when they have changed. */
  readonly keys: () => readonly string[];
  /** Reads the file again; keeps the old keys if it cannot be read or has an invalid key. */
  reload(): void;
  close(): void;
}

/**
 * The keys of `ZIPCAPTION_API_KEYS` and `ZIPCAPTION_API_KEYS_FILE`, read again when the file changes.
 *
 * @param tell told about each change, and once about each reason why there is none
 */
export function watchKeys(
  env: Environment,
  tell: (count: number, failure?: unknown) => void,
  lookEvery: number = LOOK_EVERY,
): KeyRing {
  let current: readonly string[] = apiKeys(env);
  let failed = '';
  const reload = () => {
    try {
      const found = apiKeys(env);
      failed = '';
      if (String(found) === String(current)) return;
      current = found;
      tell(current.length);
    } catch (failure) {
      const why = String(failure);
      if (why !== failed) tell(current.length, failure);
      failed = why;
    }
  };
  const timer = env.ZIPCAPTION_API_KEYS_FILE ? setInterval(reload, lookEvery) : undefined;
  timer?.unref();
  return { keys: () => current, reload, close: () => clearInterval(timer) };
}
