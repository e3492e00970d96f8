/**
 * The k best of a stream of scores, kept in a binary heap with the worst of them on top, so that a
 * vocabulary is gone through once and only the few that beat the worst kept one cost more than a
 * comparison. Of equal scores the one offered first is the better.
 */
export class TopK {
  readonly #scores: Float64Array;
  readonly #indices: Int32Array;
  #size = 0;

  constructor(readonly k: number) {
    this.#scores = new Float64Array(k);
    this.#indices = new Int32Array(k);
  }

  clear(): void {
    this.#size = 0;
  }

  /** A score must be above this to be kept. -Infinity while there is room: such scores never are. */
  get threshold(): number {
    return this.#size < this.k ? -Infinity : (this.#scores[0] as number);
  }

  /**
   * Offers `values[start + i] + shift` under the index `firstIndex + i`, for `i` below `count`.
   * Indices must grow from one call to the next.
   */
  offerAll(
    values: Float32Array | Float64Array,
    start: number,
    count: number,
    shift: number,
    firstIndex: number,
  ): void {
    let threshold = this.threshold;
    for (let i = 0; i < count; i++) {
      const score = (values[start + i] as number) + shift;
      if (score > threshold) {
        this.offer(score, firstIndex + i);
        threshold = this.threshold;
      }
    }
  }

  /** Keeps the score if it is above `threshold`. */
  offer(score: number, index: number): void {
    if (!(score > this.threshold)) return;
    if (this.#size < this.k) this.#siftUp(this.#size++, score, index);
    else this.#siftDown(score, index);
  }

  /** The kept entries, best first. */
  sorted(): { readonly score: number; readonly index: number }[] {
    const kept = Array.from({ length: this.#size }, (_, i) => ({
      score: this.#scores[i] as number,
      index: this.#indices[i] as number,
    }));
    return kept.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  #siftUp(position: number, score: number, index: number): void {
    let at = position;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(score, index, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, score, index);
  }

  /** Puts an entry in the place of the worst. */
  #siftDown(score: number, index: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#isWorse(this.#scores[right] as number, this.#indices[right] as number, child)
      ) {
        child = right;
      }
      if (this.#isWorse(score, index, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, score, index);
  }

  #isWorse(score: number, index: number, than: number): boolean {
    const other = this.#scores[than] as number;
    return score < other || (score === other && index > (this.#indices[than] as number));
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#scores[from] as number, this.#indices[from] as number);
  }

  #set(at: number, score: number, index: number): void {
    this.#scores[at] = score;
    this.#indices[at] = index;
  }
}
