import type { Caption, Engine } from '../caption.js';
import { ApiEngine } from './api-engine.js';
import { startCamera } from './camera.js';
import { CaptionView } from './caption-view.js';
import { duration, showDetails } from './details-view.js';
import { element } from './element.js';
import { toCsv, toImageTag, toJson } from './exports.js';
import { type NamedPhoto, startIntake } from './intake.js';
import { loadingView } from './loading-view.js';
import { LocalEngine } from './local-engine.js';
import { Options } from './options.js';
import { isPending, type Photo, PhotoQueue } from './photo-queue.js';
import { recall, remember } from './storage.js';
import { StripView } from './strip-view.js';
import { startTheme } from './theme.js';
import { hasWasmSimd } from './wasm-simd.js';

/** Put in by the build: the worker's file name. */
declare const WORKER_SCRIPT: string;
/** Does the page bring a runtime that has threads? */
declare const HAS_THREADS: boolean;

/** Failures of the model rather than of a photo: worth another try once it loads. */
const MODEL_FAILURES = new Set([
  ...['NETWORK_FAILED', 'MODEL_NOT_FOUND', 'MODEL_CORRUPT', 'RUNTIME_UNAVAILABLE'],
]);

const addresses = new Map<number, string>();
let selected = 0;

const view = new CaptionView();
const strip = new StripView(select);
const options = new Options(() => selected && queue.again(selected));
const engine = document.documentElement.dataset.mode === 'api' ? apiEngine() : localEngine();
const queue = new PhotoQueue({
  engine,
  request: () => options.request,
  streams: ({ id }) => id === selected,
  onChange: showPhoto,
});

startTheme();
startIntake(accept, toast);
startCamera(accept);
startActions();
void registerServiceWorker();

function accept(photos: readonly NamedPhoto[]): void {
  document.body.classList.add('has-photos');
  element('work', HTMLElement).hidden = false;
  const busy = queue.photos.some(isPending);
  const [first] = photos.map(({ file, name }) => queue.add(file, name));
  if (first && !busy) select(first.id);
}

/** A photo's bytes as an address for `<img>`, the same each time. */
function addressOf({ id, file }: Photo): string {
  const address = addresses.get(id) ?? URL.createObjectURL(file);
  addresses.set(id, address);
  return address;
}

function select(id: number): void {
  selected = id;
  strip.select(id);
  const photo = queue.get(id);
  if (photo) showStage(photo);
}

function showPhoto(photo: Photo): void {
  strip.show(photo, addressOf(photo));
  strip.showProgress(queue.photos);
  if (photo.id === selected) {
    strip.select(photo.id);
    showStage(photo);
    announce(photo);
  }
  if (photo.status === 'done' && photo.caption) showStatus(photo, photo.caption);
}

function showStage(photo: Photo): void {
  view.show(photo, addressOf(photo));
  showDetails(photo.status === 'done' ? photo.caption : undefined);
  const done = photo.status === 'done';
  element('copy', HTMLButtonElement).hidden = !done;
  element('copy-html', HTMLButtonElement).hidden = !done;
  element('again', HTMLButtonElement).hidden = done || isPending(photo);
  element('cancel', HTMLButtonElement).hidden = !isPending(photo);
}

/** What a screen reader says once a caption is there; drafts would be chatter. */
function announce(photo: Photo): void {
  const live = element('live', HTMLElement);
  if (photo.status === 'done') live.textContent = `Caption: ${photo.caption?.text ?? ''}`;
  if (photo.status === 'failed') live.textContent = `${photo.name}: ${photo.error?.message ?? ''}`;
}

function showStatus(photo: Photo, caption: Caption): void {
  const stages = caption.stages.map((stage) => `${stage.name} ${duration(stage.milliseconds)}`);
  const parts = [caption.model, caption.backend, photo.name, ...stages];
  element('status', HTMLElement).textContent =
    `${parts.filter(Boolean).join(' · ')} · total ${duration(caption.total)}`;
}

function localEngine(): Engine {
  if (!hasWasmSimd()) {
    const notice = element('notice', HTMLElement);
    notice.hidden = false;
    notice.textContent =
      'This browser has no WebAssembly SIMD, which the model needs. Chrome and Edge since 91, Firefox since 89 and Safari since 16.4 have it. You can still caption photos with an API: “Your API” above.';
  }
  const local: LocalEngine = new LocalEngine(
    new URL(WORKER_SCRIPT, document.baseURI),
    loadingView(
      ({ defaults }) => {
        options.suggest(defaults);
        void keepModelScripts();
      },
      () => {
        local.load();
        const failed = queue.photos.filter(({ error }) => error && MODEL_FAILURES.has(error.code));
        for (const { id } of failed.reverse()) queue.again(id);
      },
    ),
  );
  void hasModelFiles().then((kept) => kept && local.load());
  element('threads-note', HTMLElement).textContent = threadsNote();
  return local;
}

/** Says why there is one thread, where there is only one. */
function threadsNote(): string {
  if (!HAS_THREADS) return 'One thread is used: the engine in this page has one.';
  if (crossOriginIsolated) {
    const cores = navigator.hardwareConcurrency;
    return `This page is cross-origin isolated, so the runtime uses all but one of the ${cores} cores, four at most.`;
  }
  return 'One thread is used: more need shared memory, which browsers give to cross-origin isolated pages only. Where the host does not make it one, the service worker does from the next visit on.';
}

/** The worker's scripts may have been fetched before the service worker was there to keep them. */
async function keepModelScripts(): Promise<void> {
  const registration = await navigator.serviceWorker?.ready;
  registration?.active?.postMessage('keep model scripts');
}

/** Was the model fetched on an earlier visit? Then it can be started before a photo comes. */
async function hasModelFiles(): Promise<boolean> {
  if (typeof caches === 'undefined' || !(await caches.has('zipcaption-files'))) return false;
  return (await (await caches.open('zipcaption-files')).keys()).length > 1;
}

function apiEngine(): Engine {
  const endpoint = element('endpoint', HTMLInputElement);
  const apiKey = element('api-key', HTMLInputElement);
  endpoint.value = recall('endpoint') ?? endpoint.value;
  endpoint.addEventListener('change', () => remember('endpoint', endpoint.value));
  element('endpoint-form', HTMLFormElement).addEventListener('submit', (event) =>
    event.preventDefault(),
  );
  return new ApiEngine(
    () => endpoint.value.trim(),
    () => apiKey.value.trim(),
  );
}

function startActions(): void {
  const current = () => queue.get(selected);
  const on = (id: string, action: () => void) =>
    element(id, HTMLButtonElement).addEventListener('click', action);
  on('copy', () => {
    const text = current()?.caption?.text;
    if (text) void copy(text, 'Caption copied');
  });
  on('copy-html', () => {
    const photo = current();
    if (photo?.caption) void copy(toImageTag(photo.name, photo.caption.text), 'HTML copied');
  });
  on('again', () => queue.again(selected));
  on('cancel', () => queue.cancel(selected));
  on('cancel-all', () => queue.cancelAll());
  const rows = () => queue.photos.map((photo) => ({ ...photo, file: photo.name }));
  on('download-json', () => download('captions.json', 'application/json', toJson(rows())));
  on('download-csv', () => download('captions.csv', 'text/csv', toCsv(rows())));
}

async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast('The browser did not allow copying.');
  }
}

function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

let toastTimer: ReturnType<typeof setTimeout> | undefined;
function toast(message: string): void {
  const place = element('toast', HTMLElement);
  place.textContent = message;
  place.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.classList.remove('shown'), 2500);
}

async function registerServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('sw.js').catch(() => undefined);
}
