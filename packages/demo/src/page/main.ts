import type { Caption, Engine } from '../caption.js';
import { announce, toast } from './announce.js';
import { ApiEngine } from './api-engine.js';
import { startArrivals } from './arrivals.js';
import { startCamera } from './camera.js';
import { CaptionView } from './caption-view.js';
import { CodeView } from './code-view.js';
import { duration, showDetails } from './details-view.js';
import { element } from './element.js';
import { startIntake } from './intake.js';
import { onIntent } from './intent.js';
import { KeepSwitch } from './keep-switch.js';
import { loadingView } from './loading-view.js';
import { LocalEngine } from './local-engine.js';
import type { NamedPhoto } from './named-photo.js';
import { Options } from './options.js';
import { PhotoActions } from './photo-actions.js';
import { isPending, type Photo, PhotoQueue, textOf } from './photo-queue.js';
import { startQueueActions } from './queue-actions.js';
import { recall, remember } from './storage.js';
import { StripView } from './strip-view.js';
import { startTheme } from './theme.js';
import { hasWasmSimd } from './wasm-simd.js';

/** Put in by the build: the worker's file name. */
declare const WORKER_SCRIPT: string;

/** Failures of the model rather than of a photo: worth another try once it loads. */
const MODEL_FAILURES = new Set([
  'NETWORK_FAILED',
  'MODEL_NOT_FOUND',
  'MODEL_CORRUPT',
  'RUNTIME_UNAVAILABLE',
]);

/** So many photos are put into the page before it gets its turn again. */
const AT_ONCE = 40;

let selected = 0;
/** How often all photos were taken out. */
let clearings = 0;
/** Of the bytes of the photo that is shown; the others have none, or they would stay in memory. */
let stage: { readonly id: number; readonly address: string } | undefined;

const view = new CaptionView();
const strip = new StripView({
  select: (id) => {
    select(id);
    view.reveal();
  },
  remove: (id) => {
    const next = remove(id);
    if (next) strip.focus(next);
  },
});
const usesApi = document.documentElement.dataset.mode === 'api';
const code = new CodeView(() => ({
  page: new URL('.', document.baseURI).href,
  endpoint: usesApi ? element('endpoint', HTMLInputElement).value : 'http://localhost:8080',
  wantsKey: usesApi && element('api-key', HTMLInputElement).value !== '',
}));
const options = new Options(
  () => selected && queue.again(selected),
  (request) => code.show(request),
);
const keep = new KeepSwitch(usesApi ? 'api' : 'local');
const engine = usesApi ? apiEngine() : localEngine();
const queue = new PhotoQueue({
  engine,
  request: () => options.request,
  streams: ({ id }) => id === selected,
  onChange: showPhoto,
  onRemove: (id) => {
    keep.remove(id);
    strip.remove(id);
    strip.showProgress(() => queue.photos);
  },
});
const actions = new PhotoActions(queue, remove);

startTheme();
startIntake(accept, toast);
startCamera(accept);
startQueueActions(queue, clear);
startArrivals(accept);
void registerServiceWorker();
void keep.start(queue).then(() => {
  const [first] = queue.photos;
  if (!first || selected) return;
  showWork(true);
  select(first.id);
});

function accept(photos: readonly NamedPhoto[]): void {
  const focused = document.activeElement;
  // The samples are hidden now; the focus must not be lost with them.
  const focusGoes = focused === document.body || element('samples', HTMLElement).contains(focused);
  showWork(true);
  const busy = queue.photos.some(isPending);
  const [first] = photos.slice(0, AT_ONCE).map(({ file, name }) => queue.add(file, name));
  void addSlowly(photos.slice(AT_ONCE), clearings);
  if (!first || busy) return;
  select(first.id);
  if (focusGoes) element('stage', HTMLElement).focus({ preventScroll: true });
  view.reveal();
}

/** Adds some photos after the others, unless all of them are cleared meanwhile. */
async function addSlowly(photos: readonly NamedPhoto[], before: number): Promise<void> {
  for (let from = 0; from < photos.length; from += AT_ONCE) {
    await new Promise((resolve) => setTimeout(resolve));
    if (clearings !== before) return;
    for (const { file, name } of photos.slice(from, from + AT_ONCE)) queue.add(file, name);
  }
}

function showWork(shown: boolean): void {
  document.body.classList.toggle('has-photos', shown);
  element('work', HTMLElement).hidden = !shown;
}

function select(id: number): void {
  selected = id;
  strip.select(id);
  const photo = queue.get(id);
  if (photo) showStage(photo);
}

/** Takes a photo out and shows the next one; gives its id. */
function remove(id: number): number | undefined {
  const ids = queue.photos.map((photo) => photo.id);
  const at = ids.indexOf(id);
  const next = id === selected ? (ids[at + 1] ?? ids[at - 1]) : selected;
  queue.remove(id);
  if (next === undefined) clear();
  else select(next);
  return next;
}

function clear(): void {
  clearings++;
  for (const { id } of queue.photos) queue.remove(id);
  selected = 0;
  if (stage) URL.revokeObjectURL(stage.address);
  stage = undefined;
  showWork(false);
  announce('No photos');
  scrollTo({ top: 0 });
  element('files', HTMLInputElement).focus({ preventScroll: true });
}

function showPhoto(photo: Photo): void {
  keep.save(photo);
  strip.show(photo);
  strip.showProgress(() => queue.photos);
  if (photo.id === selected) {
    strip.select(photo.id);
    showStage(photo);
  }
  announceOutcome(photo);
  if (photo.status === 'done' && photo.caption) showStatus(photo, photo.caption);
}

function showStage(photo: Photo): void {
  if (stage?.id !== photo.id) {
    if (stage) URL.revokeObjectURL(stage.address);
    stage = { id: photo.id, address: URL.createObjectURL(photo.file) };
  }
  view.show(photo, stage.address);
  showDetails(photo.status === 'done' ? photo.caption : undefined);
  actions.show(photo);
}

/** What a screen reader says: the caption of the photo that is shown, and the end of a row of photos. */
function announceOutcome(photo: Photo): void {
  if (photo.status !== 'done' && photo.status !== 'failed') return;
  const { photos } = queue;
  if (photos.length > 1 && !photos.some(isPending)) {
    const failed = photos.filter(({ status }) => status === 'failed').length;
    const end = failed > 0 ? `, ${failed} of them failed` : '';
    const own = photo.id === selected ? `. Caption: ${textOf(photo)}` : '';
    announce(`All ${photos.length} photos are done${end}${photo.status === 'done' ? own : ''}`);
  } else if (photo.id === selected) {
    const failure = `${photo.name}: ${photo.error?.message ?? ''}`;
    announce(photo.status === 'done' ? `Caption: ${textOf(photo)}` : failure);
  }
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
        void keepTheRest();
      },
      () => {
        local.load();
        const failed = queue.photos.filter(({ error }) => error && MODEL_FAILURES.has(error.code));
        for (const { id } of failed.reverse()) queue.again(id);
      },
    ),
  );
  // Who installs the page wants it without a connection, too.
  const installed = matchMedia('(display-mode: standalone)').matches;
  void hasModelFiles().then((kept) => (kept || installed) && local.load());
  addEventListener('appinstalled', () => local.load());
  onIntent(() => local.load());
  return local;
}

/** The captioner's scripts may have been fetched before the service worker was there to keep them. */
async function keepTheRest(): Promise<void> {
  const registration = await navigator.serviceWorker?.ready;
  registration?.active?.postMessage('keep the rest');
}

/** True if the model was downloaded on an earlier visit, so that it can be loaded before the first photo. */
async function hasModelFiles(): Promise<boolean> {
  if (typeof caches === 'undefined' || !(await caches.has('zipcaption-files'))) return false;
  return (await (await caches.open('zipcaption-files')).keys()).length > 1;
}

function apiEngine(): Engine {
  const endpoint = element('endpoint', HTMLInputElement);
  const apiKey = element('api-key', HTMLInputElement);
  endpoint.value = recall('endpoint') ?? endpoint.value;
  endpoint.addEventListener('change', () => remember('endpoint', endpoint.value));
  const form = element('endpoint-form', HTMLFormElement);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', () => code.show());
  code.show();
  return new ApiEngine(
    () => endpoint.value.trim(),
    () => apiKey.value.trim(),
  );
}

async function registerServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('sw.js').catch(() => undefined);
}
