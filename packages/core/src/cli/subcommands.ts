/** Runs with the words after its own name; gives the exit code. */
export type Subcommand = (argv: readonly string[]) => Promise<number>;

/**
 * First words that are a command of their own rather than a photo, each with how to load it: a
 * command line that captions photos reads none of their code. (A folder of that name is captioned
 * as `./name`.)
 */
export const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {};
