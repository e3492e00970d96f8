import { parseArgs } from 'node:util';
import { CaptionError } from '../../index.js';
import { DTYPES, type Dtype } from '../../model/huggingface/dtype.js';
import { isRuntime, RUNTIMES, type RuntimeName } from '../../model/runtime.js';

export const MODELS_HELP = `Usage: zipcaption models <command>

Manages models other than the embedded one.

  models pull <owner/name>     download a captioning model from the Hugging Face
                               hub, only the files it needs; use it with
                               --model <owner/name>
  models list                  the models that were pulled
  models info <model>          its kind, sizes, licence, missing files
  models check <model>         load it and caption a test picture
  models manifest <model>      write a manifest.json for a Hugging Face model;
                               needed to package it or to put it into S3

<model> is a folder or the name of a pulled model.

  --dtype <format>    pull, check, manifest: number format of the weights, one of
                      ${DTYPES.join(', ')}
  --revision <name>   pull: branch, tag or commit (default main)
  --photo <file>      check: caption this photo instead
  --runtime <name>    check, manifest: engine, web or node
  --quiet             pull: no progress
  --json              list, info: JSON

Environment: HF_TOKEN for models that are not public, HF_ENDPOINT for a mirror of
the hub, ZIPCAPTION_CACHE for the folder of the downloaded models.
`;

/** A command line after the word "models". */
export interface ModelsCommand {
  readonly name: string | undefined;
  readonly operands: readonly string[];
  readonly dtype?: Dtype;
  readonly revision?: string;
  readonly photo?: string;
  readonly runtime: RuntimeName | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

const FLAGS = {
  dtype: { type: 'string' },
  revision: { type: 'string' },
  photo: { type: 'string' },
  runtime: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws CaptionError `INVALID_OPTION` */
export function readModelsCommand(argv: readonly string[]): ModelsCommand {
  const { values, positionals } = parse(argv);
  const { dtype, runtime, revision, photo } = values;
  if (dtype !== undefined && !(DTYPES as readonly string[]).includes(dtype)) {
    throw usage(`--dtype must be one of ${DTYPES.join(', ')}, not "${dtype}".`);
  }
  if (runtime !== undefined && !isRuntime(runtime)) {
    throw usage(`--runtime must be one of ${RUNTIMES.join(', ')}, not "${runtime}".`);
  }
  const [name, ...operands] = positionals;
  return {
    name,
    operands,
    runtime,
    ...(dtype && { dtype: dtype as Dtype }),
    ...(revision && { revision }),
    ...(photo && { photo }),
    quiet: values.quiet ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
  } catch (cause) {
    // The first sentence of Node's message says what is wrong; the rest is about unusual file names.
    const [what = ''] = (cause instanceof Error ? cause.message : String(cause)).split('. ');
    throw usage(`${what}. "zipcaption models --help" lists all flags.`, cause);
  }
}

export function usage(message: string, cause?: unknown): CaptionError {
  return new CaptionError('INVALID_OPTION', message, { cause });
}
