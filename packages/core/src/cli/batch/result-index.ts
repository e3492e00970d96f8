import { grown, KeyTable } from '../key-table.js';
import { nameKey } from '../names.js';
import type { PhotoState } from './photo-state.js';

/** What an earlier run left of a photo: nothing, a caption, an error, or a result of other bytes. */
export type Known = 'new' | 'done' | 'failed' | 'changed';

/** What an earlier run left of a photo; `exists`: a file in the place of its sidecar that is left alone. */
export type Standing = Known | 'exists';

const FAILED = 1;

/**
 * The results of an earlier run, at about 40 bytes each: by a photo's name whether it was captioned, and
 * a fingerprint of the file that it was made of.
 */
export class ResultIndex {
  readonly #names = new KeyTable();
  #states = new Uint32Array(1024);
  #contents = new Uint32Array(1024);
  #lines = new Uint16Array(1024);
  #flags = new Uint8Array(1024);
  #failed = 0;
  #superseded = 0;

  /** Photos that have a result. */
  get size(): number {
    return this.#names.size;
  }

  /** Photos whose latest result is an error. */
  get failed(): number {
    return this.#failed;
  }

  /** Lines that a later line of the same photo has replaced. */
  get superseded(): number {
    return this.#superseded;
  }

  /** A later result of the same name replaces the earlier one. */
  add(name: string, state: PhotoState | undefined, failed: boolean): void {
    const before = this.#names.size;
    const number = this.#names.add(nameKey(name));
    if (this.#names.size > this.#states.length) this.#grow();
    if (number < before) {
      this.#superseded++;
      if (this.#flags[number] === FAILED) this.#failed--;
    }
    this.#states[number] = stateFingerprint(state);
    this.#contents[number] = contentFingerprint(state?.sha256);
    this.#flags[number] = failed ? FAILED : 0;
    this.#lines[number] = Math.min(0xffff, (this.#lines[number] ?? 0) + 1);
    if (failed) this.#failed++;
  }

  /** Is the file's SHA-256 known, so that it can tell whether the photo has changed? */
  hasHash(name: string): boolean {
    const number = this.#names.find(nameKey(name));
    return number >= 0 && this.#contents[number] !== 0;
  }

  /** Is there a result among the first so many? An error is none where it is to be tried again. */
  has(name: string, first: number, { retryFailed }: { retryFailed: boolean }): boolean {
    const number = this.#names.find(nameKey(name));
    return number >= 0 && number < first && !(retryFailed && this.#flags[number] === FAILED);
  }

  /**
   * What is known of a photo. Where both sides have a SHA-256 it decides, otherwise size and time do. A
   * caption stays where one side says nothing: it is of an address, or the photo cannot be read just now.
   */
  lookUp(name: string, state: PhotoState | undefined): Known {
    const number = this.#names.find(nameKey(name));
    if (number < 0) return 'new';
    const failed = this.#flags[number] === FAILED;
    const content = contentFingerprint(state?.sha256);
    const known = this.#contents[number] ?? 0;
    const recorded = this.#states[number] ?? 0;
    const same =
      content !== 0 && known !== 0
        ? content === known
        : recorded === stateFingerprint(state) || (!failed && (!state || recorded === 0));
    if (!same) return 'changed';
    return failed ? 'failed' : 'done';
  }

  /**
   * Called for each line of the file in turn: is it the last of its name, and so the one that counts?
   * It can be asked once for each line only.
   */
  isLatest(name: string): boolean {
    const number = this.#names.find(nameKey(name));
    const left = this.#lines[number] ?? 1;
    // A count that is full says nothing of which line is the last; all but none are kept then.
    if (number < 0 || left === 0xffff) return true;
    this.#lines[number] = left - 1;
    return left === 1;
  }

  #grow(): void {
    this.#states = grown(this.#states);
    this.#contents = grown(this.#contents);
    this.#lines = grown(this.#lines);
    this.#flags = grown(this.#flags);
  }
}

/** 32 bits of size and time, never 0; 0 where they are not known. */
function stateFingerprint(state: PhotoState | undefined): number {
  if (!state) return 0;
  let hash = 0x9e3779b9;
  for (const part of [state.bytes, state.mtimeMs]) {
    hash = mix(hash ^ (part >>> 0));
    hash = mix(hash ^ (Math.floor(part / 2 ** 32) >>> 0));
  }
  return hash >>> 0 || 1;
}

/** The last step of MurmurHash3, by which every bit of the input changes half of the output's. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function contentFingerprint(sha256: string | undefined): number {
  return sha256 === undefined ? 0 : Number.parseInt(sha256.slice(0, 8), 16) || 1;
}
