import { stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fileName } from '../find/placeholders.js';
import type { FoundImage } from '../types.js';

/** Where an image's bytes are, or why that is not known. */
export type Located =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'data'; readonly url: string }
  | { readonly type: 'remote'; readonly url: string }
  | { readonly type: 'none'; readonly reason: string };

export interface LocateOptions {
  /** Folders that addresses beginning with `/` start from, the first that has the file. */
  readonly roots: readonly string[];
  /** Images on other servers, too? */
  readonly remote: boolean;
  /** The site's own address: images at it are looked up in `roots`. */
  readonly site?: URL;
}

/** Finds an image as the page would: the first of its candidates that is there. */
export async function locateImage(
  image: Pick<FoundImage, 'file' | 'kind' | 'candidates' | 'base' | 'src'>,
  options: LocateOptions,
): Promise<Located> {
  if (image.kind === 'area') return none('An <area> has no image file.');
  if (image.candidates.length === 0) {
    return none(
      image.src === null
        ? 'Its address is only known when the site is built.'
        : 'It has no address.',
    );
  }
  let reason: string | undefined;
  for (const candidate of image.candidates) {
    const located = await locateAddress(withBase(candidate, image.base), image.file, options);
    if (located.type !== 'none') return located;
    reason ??= located.reason;
  }
  return none(reason ?? 'It has no address.');
}

async function locateAddress(
  address: string,
  file: string,
  { roots, remote, site }: LocateOptions,
): Promise<Located> {
  if (/^data:/i.test(address)) return { type: 'data', url: address };
  const absolute = absoluteUrl(address);
  if (absolute) {
    const own = site && pathIn(site, absolute);
    if (own !== undefined)
      return firstFile(
        roots.map((root) => within(root, own)),
        address,
      );
    if (!/^https?:$/.test(absolute.protocol)) {
      return none(`${address} is not the address of an image.`);
    }
    if (remote) return { type: 'remote', url: absolute.href };
    return none(
      'It is on another server. Allow the download with --remote (in a program: the option "download").',
    );
  }
  if (address.startsWith('/')) {
    return firstFile(
      pathsOf(address).flatMap((path) => roots.map((root) => within(root, path))),
      address,
    );
  }
  return firstFile(
    pathsOf(address).map((path) => join(dirname(file), path)),
    address,
  );
}

function withBase(address: string, base: string | undefined): string {
  if (base === undefined || address.startsWith('/') || absoluteUrl(address)) return address;
  return base.slice(0, base.lastIndexOf('/') + 1) + address;
}

function absoluteUrl(address: string): URL | undefined {
  const url = address.startsWith('//') ? `https:${address}` : address;
  // Two letters at least: `c:/` is a path of Windows.
  return /^[a-z][a-z0-9+.-]+:/i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}

/** The path below the site's own address. */
function pathIn(site: URL, url: URL): string | undefined {
  const folder = site.pathname.endsWith('/') ? site.pathname : `${site.pathname}/`;
  if (url.host !== site.host || !url.pathname.startsWith(folder)) return undefined;
  return pathsOf(url.pathname.slice(folder.length))[0];
}

/** The file's path that an address means: without query and fragment, decoded, or literally. */
function pathsOf(address: string): string[] {
  const [path = ''] = address.split(/[?#]/, 1);
  const literal = [path, address];
  try {
    return [...new Set([decodeURIComponent(path), ...literal])];
  } catch {
    return [...new Set(literal)];
  }
}

/** A path below a folder; undefined when it leads out of it. */
function within(root: string, path: string): string | undefined {
  const target = join(root, path);
  return `${resolve(target)}${sep}`.startsWith(withEnd(resolve(root))) ? target : undefined;
}

function withEnd(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

async function firstFile(
  paths: readonly (string | undefined)[],
  address: string,
): Promise<Located> {
  for (const path of paths) {
    // A path with a zero byte throws like one that leads nowhere.
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path !== undefined && found?.isFile()) return { type: 'file', path };
  }
  return none(
    `Its address points to the file ${fileName(address) || address}, which does not exist.`,
  );
}

function none(reason: string): Located {
  return { type: 'none', reason };
}
