import { duration } from './details-view.js';
import { element, setHidden } from './element.js';
import type { LoadListener } from './local-engine.js';

/** How far the model's files have come, and what to do when they do not come. */
export function loadingView(onReady: LoadListener['ready'], retry: () => void): LoadListener {
  const panel = element('loading', HTMLElement);
  const title = element('loading-title', HTMLElement);
  const bar = element('loading-bar', HTMLProgressElement);
  const detail = element('loading-detail', HTMLElement);
  const again = element('retry-load', HTMLButtonElement);
  const status = element('status', HTMLElement);
  const live = element('loading-live', HTMLElement);
  const say = (heading: string, text: string) => {
    title.textContent = heading;
    detail.textContent = text;
  };
  let announced = 0;
  /** Quarters only: a screen reader that says each percent says nothing else. */
  const announceShare = (share: number) => {
    const quarter = Math.floor(share * 4) * 25;
    if (quarter <= announced || quarter >= 100) return;
    announced = quarter;
    live.textContent = `Loading the model: ${quarter} %`;
  };
  again.addEventListener('click', () => {
    const hasPhotos = !element('work', HTMLElement).hidden;
    setHidden(again, true, () => element(hasPhotos ? 'stage' : 'files', HTMLElement));
    bar.hidden = false;
    panel.classList.remove('failed');
    say('Getting the model ready', '');
    retry();
  });
  return {
    progress({ loaded, total }) {
      if (panel.hidden && loaded < total) {
        live.textContent = `Loading the model, ${megabytes(total)} MB`;
      }
      announceShare(loaded / total);
      panel.hidden = false;
      panel.classList.remove('failed');
      again.hidden = true;
      bar.hidden = false;
      bar.max = total;
      bar.value = loaded;
      say(
        'Getting the model ready',
        `${megabytes(loaded)} of ${megabytes(total)} MB, once: it stays in this browser for the next visit.`,
      );
      status.textContent = `Loading the model: ${Math.round((loaded / total) * 100)} %`;
    },
    starting() {
      bar.removeAttribute('value');
      say('Starting the model', 'All files are here and their checksums are right.');
    },
    ready(info) {
      panel.hidden = true;
      if (live.textContent) live.textContent = 'The model is ready';
      status.textContent = `${info.model} · ${info.backend} · ready in ${duration(info.startup)}`;
      onReady(info);
    },
    failed(message) {
      panel.hidden = false;
      panel.classList.add('failed');
      bar.hidden = true;
      again.hidden = false;
      say('The model could not be loaded', message);
      live.textContent = `The model could not be loaded: ${message}`;
      announced = 0;
      status.textContent = 'Model not loaded';
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
