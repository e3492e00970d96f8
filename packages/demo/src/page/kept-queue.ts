import type { KeptPhoto, Photo } from './photo-queue.js';

/** Photos change several times while words are found; they are written once they have been still this long. */
const PAUSE = 200;

const FILES = 'files';
const RECORDS = 'records';

/**
 * The photos and what became of them, in IndexedDB, until they are taken out. Files lie apart from what changes,
 * so that they are written once.
 */
export class KeptQueue {
  readonly #name: string;
  readonly #complain: (error: unknown) => void;
  /** Newer visits sort behind older ones; the rest keeps two tabs apart. */
  readonly #prefix =
    `${Date.now().toString(36).padStart(9, '0')}-${Math.random().toString(36).slice(2, 8)}`;
  readonly #keys = new Map<number, string>();
  readonly #stored = new Set<number>();
  readonly #changed = new Map<number, Photo | undefined>();
  #database: Promise<IDBDatabase> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param name of the database
   * @param complain called when something could not be kept
   */
  constructor(name: string, complain: (error: unknown) => void) {
    this.#name = name;
    this.#complain = complain;
  }

  /** The photos of earlier visits, oldest first, each with the key that `adopt` takes. */
  async load(): Promise<(KeptPhoto & { readonly key: string })[]> {
    const transaction = (await this.#open()).transaction([FILES, RECORDS], 'readonly');
    const [keys, files, records] = await Promise.all([
      settled(transaction.objectStore(RECORDS).getAllKeys()),
      settled(transaction.objectStore(FILES).getAll()),
      settled(transaction.objectStore(RECORDS).getAll()),
    ]);
    return keys.map((key, i) => ({ ...records[i], file: files[i], key: String(key) }));
  }

  /** Says which kept photo this one is, so that it is not kept twice. */
  adopt(id: number, key: string): void {
    this.#keys.set(id, key);
    this.#stored.add(id);
  }

  save(photo: Photo): void {
    const known = this.#stored.has(photo.id) || this.#changed.has(photo.id);
    // Its words are not worth a write each: it will be captioned anew.
    if (photo.status !== 'working' || !known) this.#change(photo.id, photo);
  }

  remove(id: number): void {
    this.#change(id, undefined);
  }

  /** Forgets everything, of other tabs too. */
  async clear(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    this.#stored.clear();
    this.#keys.clear();
    const database = await this.#open();
    const transaction = database.transaction([FILES, RECORDS], 'readwrite');
    transaction.objectStore(FILES).clear();
    transaction.objectStore(RECORDS).clear();
    await committed(transaction);
  }

  #change(id: number, photo: Photo | undefined): void {
    this.#changed.set(id, photo);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write().catch(this.#complain);
    }, PAUSE);
  }

  async #write(): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction([FILES, RECORDS], 'readwrite');
    const files = transaction.objectStore(FILES);
    const records = transaction.objectStore(RECORDS);
    for (const [id, photo] of this.#changed) {
      const key = this.#keys.get(id) ?? `${this.#prefix}-${String(id).padStart(6, '0')}`;
      this.#keys.set(id, key);
      if (!photo) {
        files.delete(key);
        records.delete(key);
        continue;
      }
      const { name, file, status, caption, edited, error } = photo;
      if (!this.#stored.has(id)) files.put(file, key);
      this.#stored.add(id);
      records.put({ name, status, caption, edited, error }, key);
    }
    this.#changed.clear();
    await committed(transaction);
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(FILES);
        request.result.createObjectStore(RECORDS);
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.#database;
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
