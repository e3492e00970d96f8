import { element } from './element.js';

export interface NamedPhoto {
  readonly file: Blob;
  readonly name: string;
}

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
  startDrop(take);
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

/** The whole page takes drops; a veil says so while something is dragged over it. */
function startDrop(take: (files: Iterable<File>) => void): void {
  const veil = element('drop-veil', HTMLElement);
  let depth = 0;
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  const show = () => veil.classList.toggle('shown', depth > 0);
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth++;
    show();
  });
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show();
  });
  addEventListener('dragover', (event) => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    show();
    if (hasFiles(event)) take(event.dataTransfer?.files ?? []);
  });
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
