/** One photo's caption and what people wrote about it, as lists of words. */
export interface Scored {
  readonly candidate: readonly string[];
  readonly references: readonly (readonly string[])[];
}
