#!/usr/bin/env node
import { CaptionError, VERSION } from '../index.js';
import { parseArguments } from './arguments.js';
import { batchSettings } from './batch/batch-settings.js';
import { captionCommand } from './caption.js';
import { errorObject, printsJson } from './formats/json.js';
import { fullHelp, SHORT_HELP } from './help.js';
import { Interruption } from './interruption.js';
import { inFlags } from './speak-flags.js';
import { SUBCOMMANDS } from './subcommands.js';
import { Terminal } from './terminal.js';

const OK = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const interruption = new Interruption();
const terminal = new Terminal(() => interruption.stop());

async function run(argv: readonly string[]): Promise<number> {
  const [first = '', ...rest] = argv;
  const subcommand = Object.hasOwn(SUBCOMMANDS, first) ? SUBCOMMANDS[first] : undefined;
  if (subcommand) return (await subcommand())(rest, terminal, interruption);

  const given = parseArguments(argv);
  if (given.flags.help) {
    await terminal.print(fullHelp());
    return OK;
  }
  if (given.flags.version) {
    await terminal.print(`zipcaption ${VERSION}\n`);
    return OK;
  }
  if (given.operands.length === 0 && given.flags['files-from'] === undefined) {
    await terminal.note(SHORT_HELP.trimEnd());
    return WRONG_USAGE;
  }
  const batch = batchSettings(given.flags, given.operands);
  if (batch) {
    const { batchCommand } = await import('./batch/batch.js');
    return batchCommand(given, batch, terminal, interruption);
  }
  return captionCommand(given, terminal, interruption);
}

async function exitCodeOf(error: unknown): Promise<number> {
  if (interruption.exitCode !== undefined) return interruption.exitCode;
  if (!(error instanceof CaptionError)) {
    const stack = error instanceof Error ? error.stack : String(error);
    await terminal.note(`zipcaption: an unexpected error, please report it:\n${stack}`);
    return FAILED;
  }
  // The reader closed the output (`| head`), which is not a failure.
  if (error.code === 'ABORTED') return OK;
  const said = inFlags(error);
  await terminal.note(`zipcaption: ${said.message} (${said.code})`);
  if (error.code === 'INVALID_OPTION') return WRONG_USAGE;
  if (printsJson(process.argv.slice(2)) && !terminal.printed) {
    await terminal.print(`${JSON.stringify(errorObject(said))}\n`);
  }
  return FAILED;
}

// All output is written by now. Work that may still be under way (a stopped download, a thread) is not
// waited for.
const exitCode = await run(process.argv.slice(2)).catch(exitCodeOf);
process.exit(exitCode === OK && terminal.broken ? FAILED : exitCode);
