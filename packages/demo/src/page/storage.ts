/** A setting kept from an earlier visit; none where storage is switched off. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`zipcaption.${key}`);
  } catch {
    return null;
  }
}

/** Keeps a setting for the next visit; where storage is switched off, it lasts as long as the page. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`zipcaption.${key}`, value);
  } catch {
    // Nothing to be done, and nothing is lost but convenience.
  }
}

/** Drops a setting. */
export function forget(key: string): void {
  try {
    localStorage.removeItem(`zipcaption.${key}`);
  } catch {
    // There is none, then.
  }
}
