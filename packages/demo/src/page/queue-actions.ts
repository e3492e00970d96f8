import { element } from './element.js';
import { type ExportRow, toCsv, toJson, toText } from './exports.js';
import type { PhotoQueue } from './photo-queue.js';

interface Format {
  readonly type: string;
  readonly write: (rows: readonly ExportRow[]) => string;
}

/** By the ending of the file's name. */
const FORMATS: Readonly<Record<string, Format>> = {
  json: { type: 'application/json', write: toJson },
  csv: { type: 'text/csv', write: toCsv },
  txt: { type: 'text/plain', write: toText },
};

/** The buttons over the strip, for all photos together. */
export function startQueueActions(queue: PhotoQueue, clear: () => void): void {
  const on = (id: string, action: () => void) =>
    element(id, HTMLButtonElement).addEventListener('click', action);
  on('cancel-all', () => queue.cancelAll());
  on('clear', clear);
  for (const [ending, { type, write }] of Object.entries(FORMATS)) {
    on(`download-${ending}`, () => {
      const rows = queue.photos.map((photo) => ({ ...photo, file: photo.name }));
      download(`captions.${ending}`, type, write(rows));
    });
  }
}

function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
