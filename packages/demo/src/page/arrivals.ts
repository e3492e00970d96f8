import { SHARED_PHOTOS } from '../shared-photos.js';
import type { NamedPhoto } from './named-photo.js';

/** The File Handling API of installed pages (https://wicg.github.io/web-app-launch/), not in TypeScript's library. */
interface LaunchQueue {
  setConsumer(
    consumer: (launch: { readonly files: readonly FileSystemFileHandle[] }) => void,
  ): void;
}

/** Photos that come from outside of the page: shared with it, or opened with it as an installed app. */
export function startArrivals(accept: (photos: readonly NamedPhoto[]) => void): void {
  void takeShared().then((photos) => photos.length > 0 && accept(photos));
  const { launchQueue } = globalThis as { launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(async ({ files }) => {
    const opened = await Promise.all(files.map((handle) => handle.getFile()));
    if (opened.length > 0) accept(opened.map((file) => ({ file, name: file.name })));
  });
}

/** What the service worker laid aside, once. */
async function takeShared(): Promise<NamedPhoto[]> {
  if (typeof caches === 'undefined' || !(await caches.has(SHARED_PHOTOS))) return [];
  const cache = await caches.open(SHARED_PHOTOS);
  const photos = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    const name = new URL(request.url).searchParams.get('name') ?? 'photo';
    if (response) photos.push({ file: await response.blob(), name });
  }
  await caches.delete(SHARED_PHOTOS);
  return photos;
}
