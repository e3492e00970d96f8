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
  startPaste(accept);
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
  /** True while something of the page itself is dragged: its photo, a link, marked text. */
  let isOwn = false;
  const show = () => veil.classList.toggle('shown', depth > 0 && !isOwn);
  addEventListener('dragstart', () => {
    isOwn = true;
  });
  // Of something that was taken out of the page meanwhile, no end is told.
  for (const end of ['dragend', 'pointerdown']) {
    addEventListener(end, () => {
      isOwn = false;
    });
  }
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
    if (isOwn) return;
    if (dataTransfer?.files.length) void take(dataTransfer);
    else complain(noFile(dataTransfer));
  });
}

/** Why a drop without a file brought no photo, and what to do. */
function noFile(transfer: DataTransfer | null): string {
  if (/^https?:/m.test(transfer?.getData('text/uri-list') ?? '')) {
    return 'Of a photo on another page only the address comes with a drop. Copy the photo there and paste it here, or save it and use the button “Choose photos”.';
  }
  return 'No file came with that drop. Please use the button “Choose photos”.';
}

/** Text dragged into a field is the field's. */
function isOurs({ target, dataTransfer }: DragEvent): boolean {
  return !isTextField(target) || (dataTransfer?.types.includes('Files') ?? false);
}

function isTextField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input:not([type=file]), textarea');
}

function startPaste(accept: (photos: readonly NamedPhoto[]) => void): void {
  let pictures = 0;
  /** All pictures that are copied in a browser or a graphics program are called the same by browsers. */
  const nameOf = ({ name }: File) =>
    name === 'image.png' ? `pasted-${++pictures}.png` : name || 'photo';
  addEventListener('paste', (event) => {
    const { target, clipboardData } = event;
    // Text pasted into a field is the field's. Spreadsheets and word processors copy a picture of it as well.
    if (isTextField(target) && clipboardData?.types.includes('text/plain')) return;
    if (!clipboardData?.files.length) return;
    event.preventDefault();
    accept([...clipboardData.files].map((file) => ({ file, name: nameOf(file) })));
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
