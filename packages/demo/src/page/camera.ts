import { element } from './element.js';
import type { NamedPhoto } from './named-photo.js';

/** A dialog with the camera's picture; the camera is on only while it is open. */
export function startCamera(accept: (photos: readonly NamedPhoto[]) => void): void {
  const dialog = element('camera-dialog', HTMLDialogElement);
  const video = element('camera-video', HTMLVideoElement);
  const message = element('camera-message', HTMLElement);
  const take = element('camera-take', HTMLButtonElement);
  let shots = 0;

  element('camera', HTMLButtonElement).addEventListener('click', async () => {
    take.disabled = true;
    message.textContent = 'Asking for the camera…';
    dialog.showModal();
    try {
      if (!navigator.mediaDevices) throw new Error('insecure page');
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1920 } },
      });
      if (!dialog.open) return stop(stream);
      video.srcObject = stream;
      await video.play();
      message.textContent = 'The picture stays in this tab until you use it.';
      take.disabled = false;
      take.focus();
    } catch (error) {
      message.textContent = complaint(error);
    }
  });

  take.addEventListener('click', () => {
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d')?.drawImage(video, 0, 0);
    canvas.toBlob(
      (file) => {
        shots++;
        if (file) accept([{ file, name: `camera-${shots}.jpg` }]);
        dialog.close();
      },
      'image/jpeg',
      0.92,
    );
  });

  element('camera-close', HTMLButtonElement).addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    if (video.srcObject instanceof MediaStream) stop(video.srcObject);
    video.srcObject = null;
  });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function complaint(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') {
    return 'The browser does not allow this page to use the camera. Allow it in the address bar, then open this again.';
  }
  if (name === 'NotFoundError') return 'There is no camera here.';
  if (name === 'NotReadableError') return 'The camera is in use by another program.';
  return 'The camera needs a page on https or localhost, and a browser that gives it.';
}
