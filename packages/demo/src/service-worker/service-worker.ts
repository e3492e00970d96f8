/// <reference lib="webworker" />

/* Keeps the page for offline visits. */

/** Put in by the build: a hash of all the files, and their paths. */
declare const BUILD: string;
declare const SHELL: readonly string[];
/** What is needed besides once a photo comes. */
declare const MODEL_SCRIPTS: readonly string[];

declare const self: ServiceWorkerGlobalScope;

/** The scope keeps two copies of the page on one host apart. */
const prefix = `zipcaption-page ${self.registration.scope} `;
const cacheName = prefix + BUILD;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      // Past the HTTP cache, which may have files of the build before.
      .then((cache) => cache.addAll(SHELL.map((path) => new Request(path, { cache: 'no-cache' }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(prefix) && name !== cacheName))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// Sent by the page once the model is here: only now is it certain that its scripts are wanted.
self.addEventListener('message', (event) => {
  if (event.data !== 'keep model scripts') return;
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(MODEL_SCRIPTS)));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = request.url.startsWith(self.registration.scope);
  if (request.method === 'GET' && isOurs) event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
  if (kept) return kept;
  const response = await fetch(request);
  // The model's files have a cache of their own, which outlives a new build of the page.
  if (response.ok && /\/samples\/[^/]+$/.test(request.url)) {
    await cache.put(request, response.clone());
  }
  return response;
}

export {};
