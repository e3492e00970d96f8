import type { FileStore } from '../model/source.js';
import { verifySha256 } from '../model/source.js';

const CACHE = 'zipcaption-model-files';

/**
 * The files of models in the browser's Cache Storage, by their SHA-256: they are downloaded once,
 * for all pages of an origin and for all workers. Pages that are not secure have no such storage.
 */
export const fileStore: FileStore = {
  async get(sha256) {
    const cache = await open();
    const kept = await cache?.match(address(sha256));
    if (!kept) return undefined;
    const bytes = new Uint8Array(await kept.arrayBuffer());
    try {
      await verifySha256(bytes, sha256, 'A file', 'Cache Storage');
      return bytes;
    } catch {
      await cache?.delete(address(sha256));
      return undefined;
    }
  },
  async put(sha256, bytes) {
    const cache = await open();
    // Without room for it the file is downloaded again the next time.
    await cache?.put(address(sha256), new Response(bytes as BufferSource)).catch(() => undefined);
  },
};

/** A browser in private mode may refuse it. */
async function open(): Promise<Cache | undefined> {
  if (typeof caches === 'undefined') return undefined;
  return caches.open(CACHE).catch(() => undefined);
}

/** Keys have to look like addresses; this one leads nowhere. */
function address(sha256: string): string {
  return `https://zipcaption.invalid/${sha256}`;
}
