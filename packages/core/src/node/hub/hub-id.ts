/** A model on the hub: `owner/name`, perhaps `owner/name@revision`. */
export interface HubId {
  readonly owner: string;
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

// What the hub allows in names; a leading dot would lead out of the cache's folder.
const PATTERN =
  /^([A-Za-z0-9][\w.-]{0,95})\/([A-Za-z0-9][\w.-]{0,95})(?:@([A-Za-z0-9][\w./-]{0,95}))?$/;

/** Undefined for what cannot be one. */
export function parseHubId(text: string): HubId | undefined {
  const [, owner, name, revision = 'main'] = PATTERN.exec(text) ?? [];
  if (!owner || !name || /\.\.|\/\/|\/$|--/.test(revision) || `${owner}${name}`.includes('..')) {
    return undefined;
  }
  return { owner, name, revision };
}

export function hubIdText({ owner, name, revision }: HubId): string {
  return revision === 'main' ? `${owner}/${name}` : `${owner}/${name}@${revision}`;
}
