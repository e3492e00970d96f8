import { unwatchFile, watchFile } from 'node:fs';
import { apiKeys } from '../http/settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds between two looks at the file. A mounted Kubernetes secret changes by way of links, which watching a folder does not show. */
const LOOK_EVERY = 5_000;

export interface KeyRing {
  /** The keys that hold now. */
  readonly keys: () => readonly string[];
  /** Reads the file anew; keeps the keys as they are if it cannot be read or holds a wrong one. */
  reload(): void;
  close(): void;
}

/**
 * The keys of `ZIPCAPTION_API_KEYS` and `ZIPCAPTION_API_KEYS_FILE`, read anew when the file changes.
 *
 * @param tell told about each reload, with the reason if it failed
 */
export function watchKeys(
  env: Environment,
  tell: (count: number, failure?: unknown) => void,
  lookEvery: number = LOOK_EVERY,
): KeyRing {
  let current: readonly string[] = apiKeys(env);
  const file = env.ZIPCAPTION_API_KEYS_FILE;
  const reload = () => {
    try {
      current = apiKeys(env);
      tell(current.length);
    } catch (failure) {
      tell(current.length, failure);
    }
  };
  if (file) watchFile(file, { interval: lookEvery, persistent: false }, reload);
  return {
    keys: () => current,
    reload,
    close: () => file && unwatchFile(file, reload),
  };
}
