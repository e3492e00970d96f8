import { droppedFiles } from './dropped-files.js';
import { element } from './element.js';
import type { NamedPhoto } from './named-photo.js';

/** Every way in but the camera: file picker, drop, paste, samples. */
export function startIntake(
  accept: (photos: readonly NamedPhoto[]) => void,
  complain: (message: string) => void,
): void {
  const take = (files: Iterable<File>) => {
    const photos = [...files].map((file) => ({ file, name: file.name || 'photo' }));
    if (photos.length > 0) accept(photos);
    else complain('There was no file in that.');
  };
  startPicker(take);
  startDrop(accept, complain);
  startPaste(take);
  startSamples(accept, complain);
}

function startPicker(take: (files: Iterable<File>) => void): void {
  const input = element('files', HTMLInputElement);
  input.addEventListener('change', () => {
    if (input.files?.length) take(input.files);
    input.value = ''; // So that the same file can be chosen again.
  });
}

/**
 * The whole page takes drops; a veil says so while something is dragged over it. A drop is never left to the
 * browser, which would open the photo in place of the page. WebKit on Linux hands over addresses of files, no files.
 */
function startDrop(
  accept: (photos: readonly NamedPhoto[]) => void,
  complain: (message: string) => void,
): void {
  const take = async (transfer: DataTransfer) => {
    const { photos, note } = await droppedFiles(transfer);
    if (photos.length > 0) accept(photos);
    if (note) complain(note);
  };
  const veil = element('drop-veil', HTMLElement);
  let depth = 0;
  const show = () => veil.classList.toggle('shown', depth > 0);
  addEventListener('dragenter', (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    depth++;
    show();
  });
  addEventListener('dragleave', (event) => {
    if (!isOurs(event)) return;
    depth = Math.max(0, depth - 1);
    show();
  });
  addEventListener('dragover', (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    depth = 0;
    show();
    if (!isOurs(event)) return;
    event.preventDefault();
    const { dataTransfer } = event;
    if (dataTransfer?.files.length) void take(dataTransfer);
    else complain('No file came with that drop. Please use the button “Choose photos”.');
  });
}

/** Text dragged into a field is the field's. */
function isOurs({ target, dataTransfer }: DragEvent): boolean {
  const isField = target instanceof Element && target.matches('input:not([type=file]), textarea');
  return !isField || (dataTransfer?.types.includes('Files') ?? false);
}

function startPaste(take: (files: Iterable<File>) => void): void {
  addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    // Text pasted into a field is none of our business.
    if (files?.length) {
      event.preventDefault();
      take(files);
    }
  });
}

function startSamples(
  accept: (photos: readonly NamedPhoto[]) => void,
  complain: (message: string) => void,
): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-sample]')) {
    button.addEventListener('click', async () => {
      const path = button.dataset.sample ?? '';
      const response = await fetch(path).catch(() => undefined);
      if (!response?.ok)
        return complain('The sample photo could not be fetched. Is there a connection?');
      accept([{ file: await response.blob(), name: path.split('/').at(-1) ?? path }]);
    });
  }
}
