/// <reference lib="webworker" />

import { SHARED_PHOTOS } from '../shared-photos.js';

/* Keeps the page for offline visits, and takes photos that are shared with the installed page. */

/** Put in by the build: a hash of all the files, and their paths. */
declare const BUILD: string;
declare const SHELL: readonly string[];
/** What is needed besides once a photo comes, and the other page. */
declare const REST: readonly string[];

declare const self: ServiceWorkerGlobalScope;

/** More photos at once than anybody shares would be somebody else's doing. */
const MOST_SHARED = 500;

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
  if (event.data !== 'keep the rest') return;
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(REST)));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = request.url.startsWith(self.registration.scope);
  if (request.method === 'GET' && isOurs) event.respondWith(answer(request));
  // The address of the web manifest's share_target; no server answers there.
  if (request.method === 'POST' && request.url === `${self.registration.scope}share`) {
    event.respondWith(takeShared(request));
  }
});

/** Lays the photos aside, and sends the visitor to the page, which takes them (arrivals.ts). */
async function takeShared(request: Request): Promise<Response> {
  const form = await request.formData();
  const photos = form.getAll('photos').filter((photo) => photo instanceof File);
  const cache = await caches.open(SHARED_PHOTOS);
  for (const [i, photo] of photos.slice(0, MOST_SHARED).entries()) {
    const key = new URL(`shared/${i}`, self.registration.scope);
    key.searchParams.set('name', photo.name);
    await cache.put(key, new Response(photo));
  }
  return Response.redirect(self.registration.scope, 303);
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  // Both are the same page, which is kept once.
  const isIndex = request.url.split('?')[0] === `${self.registration.scope}index.html`;
  const wanted = isIndex ? self.registration.scope : request;
  const kept = await cache.match(wanted, { ignoreSearch: request.mode === 'navigate' });
  if (kept) return kept;
  const response = await fetch(request);
  // The model's files have a cache of their own, which outlives a new build of the page.
  if (response.ok && /\/samples\/[^/]+$/.test(request.url)) {
    await cache.put(request, response.clone());
  }
  return response;
}
