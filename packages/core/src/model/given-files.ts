import { CaptionError } from '../errors.js';
import { dataUrlBytes } from '../input/data-url.js';
import { excerpt } from '../input/excerpt.js';
import { urlSource } from './address.js';
import type { LoadProgress, ModelFile, ModelFiles, ModelSource, ReadControl } from './source.js';

/**
 * A model whose files are passed one by one.
 *
 * @param openFolder the source of the folder that a file's address leads to
 */
export function filesSource(
  files: ModelFiles,
  openFolder: (folder: URL) => ModelSource = urlSource,
): ModelSource {
  const map = new Map<string, ModelFile>(files instanceof Map ? files : Object.entries(files));
  const found = (file: string): ModelFile => {
    const place = map.get(file);
    if (place) return place;
    const there = [...map.keys()].join(', ') || 'none';
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      `The model needs a file "${file}", which is missing in the option "model" (it has: ${there}).`,
    );
  };
  /** Where it is, if it has to be fetched; bundlers put small files into their addresses. */
  const address = (file: string, place: ModelFile) =>
    typeof place === 'string' || place instanceof URL
      ? placeOf(file, place, openFolder)
      : undefined;
  return {
    name: 'the given files',
    verify: [...map.values()].some(crossesNetwork),
    readsAnew: (file) => {
      const place = map.get(file);
      return typeof place === 'string' || place instanceof URL;
    },
    has: async (file) => {
      const place = map.get(file);
      return place !== undefined && (address(file, place)?.has() ?? true);
    },
    async size(file) {
      const place = map.get(file);
      if (place === undefined) return Number.NaN;
      return address(file, place)?.size() ?? bytesIn(place).length;
    },
    async read(file, control) {
      const place = found(file);
      return address(file, place)?.read(control) ?? bytesIn(place);
    },
  };
}

/** Files of this disk are trusted as those of a folder are: hashing them takes longer than reading them. */
function crossesNetwork(place: ModelFile): boolean {
  if (typeof place !== 'string' && !(place instanceof URL)) return false;
  const base = globalThis.location?.href;
  const protocol = URL.canParse(place, base) ? new URL(place, base).protocol : '';
  return protocol !== 'file:' && protocol !== 'data:';
}

function bytesIn(place: ModelFile): Uint8Array {
  return place instanceof Uint8Array ? place : new Uint8Array(place as ArrayBuffer);
}

/** @throws CaptionError `INVALID_OPTION` for a text that is no address */
function placeOf(file: string, location: URL | string, openFolder: (folder: URL) => ModelSource) {
  const url = URL.canParse(location, globalThis.location?.href)
    ? new URL(location, globalThis.location?.href)
    : undefined;
  if (!url) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "model" has ${excerpt(String(location))} as the address of a file, which is not a valid address.`,
    );
  }
  if (url.protocol === 'data:') {
    const bytes = () => dataUrlBytes(url.href, Number.MAX_SAFE_INTEGER);
    return { has: async () => true, size: async () => (await bytes()).length, read: bytes };
  }
  const folder = openFolder(new URL('.', url));
  const last = `${url.pathname.slice(url.pathname.lastIndexOf('/') + 1)}${url.search}`;
  const name = url.protocol === 'file:' ? decodeURIComponent(last) : last;
  return {
    has: () => folder.has(name),
    size: () => folder.size(name),
    read: (control: ReadControl = {}) => {
      const { onProgress } = control;
      const progress = onProgress && {
        onProgress: (p: LoadProgress) => onProgress({ ...p, file }),
      };
      return folder.read(name, { ...control, ...progress });
    },
  };
}
