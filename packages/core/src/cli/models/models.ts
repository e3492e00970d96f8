import { check } from './check.js';
import { MODELS_HELP, type ModelsCommand, readModelsCommand, usage } from './command.js';
import { info } from './info.js';
import { list } from './list.js';
import { manifest } from './manifest.js';
import { pull } from './pull.js';

const COMMANDS: Readonly<
  Record<string, (command: ModelsCommand, operand: string) => Promise<number>>
> = {
  pull,
  list: (command) => list(command),
  info,
  check,
  manifest,
};

/** `zipcaption models …`: runs one of the commands, gives the exit code. */
export async function models(argv: readonly string[]): Promise<number> {
  const command = readModelsCommand(argv);
  if (command.help) {
    process.stdout.write(MODELS_HELP);
    return 0;
  }
  const run = command.name === undefined ? undefined : COMMANDS[command.name];
  if (!run) {
    const known = Object.keys(COMMANDS).join(', ');
    throw usage(
      `"models" must be followed by one of ${known}, not ${JSON.stringify(command.name ?? '')}.`,
    );
  }
  const wanted = command.name === 'list' ? 0 : 1;
  if (command.operands.length !== wanted) {
    throw usage(
      `"models ${command.name}" takes ${wanted === 0 ? 'no arguments' : 'one model'}, not ${command.operands.length}.`,
    );
  }
  return run(command, command.operands[0] ?? '');
}
