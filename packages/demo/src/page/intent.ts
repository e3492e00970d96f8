import { element } from './element.js';

/**
 * Calls `start` once a photo is about to come: the visitor opens the file picker or the camera, drags a file over the
 * page, or takes a sample. A visitor whose browser is to save data has started nothing by that.
 */
export function onIntent(start: () => void): void {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  if (connection?.saveData) return;
  let isStarted = false;
  const startOnce = () => {
    if (!isStarted) start();
    isStarted = true;
  };
  for (const id of ['files', 'camera', 'samples']) {
    element(id, HTMLElement).addEventListener('click', startOnce);
  }
  addEventListener('dragenter', ({ dataTransfer }) => {
    if (dataTransfer?.types.includes('Files')) startOnce();
  });
}
