import { startWorker } from './local-engine.js';

interface Job {
  readonly file: Blob;
  readonly settle: (thumbnail: Blob | undefined) => void;
}

/**
 * Small pictures of photos, made one after another: two hundred photos as they are would be decoded, and kept
 * decoded, by the page at once.
 */
export class Thumbnails {
  readonly #script: URL;
  readonly #jobs = new Map<number, Job>();
  #worker: Worker | undefined;
  #busy = false;

  /** @param script address of the worker's script */
  constructor(script: URL) {
    this.#script = script;
  }

  /**
   * The photo's middle, 320 × 240 pixels.
   *
   * @param id of the photo, for `forget`
   * @returns `undefined` for what the browser cannot show and for a photo that was forgotten
   */
  make(id: number, file: Blob): Promise<Blob | undefined> {
    return new Promise((settle) => {
      this.#jobs.set(id, { file, settle });
      void this.#run();
    });
  }

  forget(id: number): void {
    this.#jobs.get(id)?.settle(undefined);
    this.#jobs.delete(id);
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (const [id, { file, settle }] of this.#jobs) {
      this.#jobs.delete(id);
      settle(await this.#shrink(file));
    }
    this.#busy = false;
  }

  #shrink(file: Blob): Promise<Blob | undefined> {
    const worker = this.#worker ?? startWorker(this.#script, 'thumbnails');
    this.#worker = worker;
    return new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Blob | undefined>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(undefined);
      };
      worker.postMessage(file);
    });
  }
}
