import type { Interruption } from './interruption.js';
import type { Terminal } from './terminal.js';

/** Runs with the arguments after its name and returns the exit code. Must stop at the interruption. */
export type Subcommand = (
  argv: readonly string[],
  terminal: Terminal,
  interruption: Interruption,
) => Promise<number>;

/**
 * First words that are a command of their own rather than a photo, each with how to load it, as in
 * `models: async () => (await import('./models.js')).modelsCommand`: a command line that captions
 * photos reads none of their code. (A folder of that name is captioned as `./models`.)
 */
export const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  alt: async () => (await import('./alt/alt.js')).alt,
  models: async () => (await import('./models/models.js')).models,
};
