import { type Caption, CaptionFailure, type CaptionRequest, type Engine } from '../caption.js';

export type PhotoStatus = 'waiting' | 'working' | 'done' | 'failed' | 'cancelled';

/** A photo and what has become of it. */
export interface Photo {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  readonly status: PhotoStatus;
  /** The caption so far, while words are found. */
  readonly words: string;
  readonly caption?: Caption;
  /** What the visitor wrote in place of the model's caption. */
  readonly edited?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A photo of an earlier visit, with what had become of it. */
export type KeptPhoto = Pick<Photo, 'name' | 'file' | 'status' | 'caption' | 'edited' | 'error'>;

/** The caption to show, copy and export: the visitor's, or else the model's. */
export function textOf({ edited, caption }: Pick<Photo, 'edited' | 'caption'>): string {
  return edited ?? caption?.text ?? '';
}

export interface QueueSettings {
  readonly engine: Engine;
  readonly request: () => CaptionRequest;
  /** Should this photo's words be shown as they are found? Costs a second pass with beams. */
  readonly streams: (photo: Photo) => boolean;
  /** Called after every change of a photo. */
  readonly onChange: (photo: Photo) => void;
  /** Called after a photo was taken out. */
  readonly onRemove: (id: number) => void;
}

/** Captions photos one after another, in the order in which they were asked for. */
export class PhotoQueue {
  readonly #settings: QueueSettings;
  readonly #photos = new Map<number, Photo>();
  #waiting: number[] = [];
  #current: { readonly id: number; readonly controller: AbortController } | undefined;
  #next = 1;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
  }

  get photos(): readonly Photo[] {
    return [...this.#photos.values()];
  }

  get(id: number): Photo | undefined {
    return this.#photos.get(id);
  }

  add(file: Blob, name: string): Photo {
    const photo: Photo = { id: this.#next++, name, file, status: 'waiting', words: '' };
    this.#photos.set(photo.id, photo);
    this.#waiting.push(photo.id);
    this.#settings.onChange(photo);
    this.#schedule();
    return photo;
  }

  /** Takes in a photo of an earlier visit; one that was not done with waits again. */
  restore({ name, file, status, caption, edited, error }: KeptPhoto): Photo {
    const pending = isPending({ status });
    const photo: Photo = {
      id: this.#next++,
      name,
      file,
      words: caption?.text ?? '',
      status: pending ? 'waiting' : status,
      ...(caption && { caption }),
      ...(edited !== undefined && { edited }),
      ...(error && { error }),
    };
    this.#photos.set(photo.id, photo);
    if (pending) this.#waiting.push(photo.id);
    this.#settings.onChange(photo);
    this.#schedule();
    return photo;
  }

  /** Sets the visitor's own caption; `undefined` brings the model's back. */
  edit(id: number, text: string | undefined): void {
    const photo = this.#photos.get(id);
    if (!photo) return;
    const { edited: _, ...rest } = photo;
    this.#change(text === undefined ? rest : { ...rest, edited: text });
  }

  /** Takes a photo out; work on it ends. */
  remove(id: number): void {
    this.cancel(id);
    if (this.#photos.delete(id)) this.#settings.onRemove(id);
  }

  /** Captions a photo again, before all that wait. */
  again(id: number): void {
    const photo = this.#photos.get(id);
    if (!photo) return;
    this.cancel(id);
    this.#waiting.unshift(id);
    const { error: _, ...rest } = photo;
    this.#change({ ...rest, status: 'waiting', words: '' });
    this.#schedule();
  }

  /** Cancels a photo that waits or is worked on. */
  cancel(id: number): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== id);
    if (this.#current?.id === id) {
      this.#current.controller.abort();
      this.#current = undefined;
      this.#schedule();
    }
    const photo = this.#photos.get(id);
    if (photo && isPending(photo)) this.#change({ ...photo, status: 'cancelled' });
  }

  cancelAll(): void {
    for (const photo of this.photos) if (isPending(photo)) this.cancel(photo.id);
  }

  /** Not at once, so that the caller can first say which photo it shows. */
  #schedule(): void {
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#current) {
      const photo = this.#photos.get(this.#waiting.shift() ?? 0);
      if (!photo) return;
      const turn = { id: photo.id, controller: new AbortController() };
      this.#current = turn;
      const outcome = await this.#caption(photo, turn.controller.signal);
      // A cancelled turn has already been replaced, its photo's status set.
      if (this.#current !== turn) return;
      this.#current = undefined;
      const { error: _, ...latest } = this.#photos.get(photo.id) ?? photo;
      this.#change({ ...latest, ...outcome });
    }
  }

  async #caption(photo: Photo, signal: AbortSignal): Promise<Partial<Photo>> {
    const working: Photo = { ...photo, status: 'working', words: '' };
    this.#change(working);
    const { engine, request, streams } = this.#settings;
    const onWords = (words: string) => {
      if (!signal.aborted) this.#change({ ...working, words });
    };
    try {
      const caption = await engine.caption(
        photo.file,
        request(),
        streams(photo) ? onWords : undefined,
        signal,
      );
      return { status: 'done', words: caption.text, caption };
    } catch (error) {
      const code = error instanceof CaptionFailure ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : String(error);
      return { status: 'failed', error: { code, message } };
    }
  }

  #change(photo: Photo): void {
    this.#photos.set(photo.id, photo);
    this.#settings.onChange(photo);
  }
}

export function isPending({ status }: Pick<Photo, 'status'>): boolean {
  return status === 'waiting' || status === 'working';
}
