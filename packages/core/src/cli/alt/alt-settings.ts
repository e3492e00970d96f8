import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProposeOptions, StyleOptions } from '../../alt/index.js';
import { checkStyle } from '../../alt/propose/style.js';
import type { FindOptions } from '../../alt/types.js';
import { CaptionError, type Dtype } from '../../index.js';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_PIXELS } from '../../limits.js';
import type { RuntimeName } from '../../model/runtime.js';
import type { AltFlagValues } from './flags.js';
import type { AltTask } from './formats/alt-result.js';
import type { AltFormatName } from './formats/format.js';

/** The attribute that `--mark` writes. */
const MARK = 'data-alt-draft';

/** The settings of one command line, after its flags were checked against each other. */
export interface AltSettings {
  readonly task: AltTask;
  /** Where the page to review goes. */
  readonly report: string | undefined;
  /** Where decisions come from, for the task `apply`. */
  readonly decisions: string | undefined;
  readonly find: FindOptions;
  readonly style: StyleOptions;
  readonly gender: boolean;
  readonly minConfidence: number;
  readonly search: NonNullable<ProposeOptions['search']>;
  readonly mark: string | undefined;
  readonly roots: readonly string[] | undefined;
  readonly site: URL | undefined;
  readonly remote: boolean;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly cache: { readonly file: string | undefined } | undefined;
  readonly format: AltFormatName;
  readonly quiet: boolean;
  readonly model: string | undefined;
  readonly dtype: Dtype | undefined;
  readonly runtime: RuntimeName | undefined;
  readonly threads: number | undefined;
  readonly jobs: number | undefined;
}

/** @throws CaptionError `INVALID_OPTION` when flags contradict each other */
export function altSettings(flags: AltFlagValues): AltSettings {
  const task = taskOf(flags);
  const { runtime } = flags;
  if (runtime === 'node' && (flags.jobs ?? 1) > 1) {
    throw refuse('--jobs must be 1 with --runtime node, which uses several cores with --threads.');
  }
  if (flags.json && flags.format && flags.format !== 'json') {
    throw refuse(`Only one format can be printed, not json and ${flags.format}.`);
  }
  const { prefix, suffix, template } = flags;
  const style: StyleOptions = {
    ...(prefix !== undefined && { prefix }),
    ...(suffix !== undefined && { suffix }),
    ...(template !== undefined && { template }),
    ...(flags['max-length'] !== undefined && { maxLength: flags['max-length'] }),
  };
  checkStyle(style);
  return {
    task,
    report: flags.report,
    decisions: flags.apply,
    find: {
      empty: flags.empty ?? false,
      placeholders: flags.placeholder ?? [],
      components: flags.component ?? [],
      fields: fieldsOf(flags.field ?? []),
    },
    style,
    gender: flags.gender ?? false,
    minConfidence: flags['min-confidence'] ?? 0.5,
    search: {
      maxBytes: flags['max-bytes'] ?? DEFAULT_MAX_BYTES,
      maxPixels: flags['max-pixels'] ?? DEFAULT_MAX_PIXELS,
      ...(flags.beams !== undefined && { numBeams: flags.beams }),
      ...(flags.prompt !== undefined && { prompt: flags.prompt }),
    },
    mark: flags.mark ? MARK : undefined,
    roots: flags.root,
    site: siteOf(flags.site),
    remote: flags.remote ?? false,
    maxBytes: flags['max-bytes'] ?? DEFAULT_MAX_BYTES,
    timeoutMs: (flags.timeout ?? 30) * 1000,
    cache: flags.resume || flags.cache !== undefined ? { file: flags.cache } : undefined,
    format: flags.json ? 'json' : (flags.format ?? 'text'),
    quiet: flags.quiet ?? false,
    model: flags.model,
    dtype: flags.dtype,
    runtime,
    threads: flags.threads,
    jobs: flags.jobs,
  };
}

function taskOf(flags: AltFlagValues): AltTask {
  const given = (['write', 'check', 'apply'] as const).filter((name) => flags[name] !== undefined);
  const [task, other] = given;
  if (other) throw refuse(`--${task} and --${other} cannot be used together.`);
  if (flags.report !== undefined && task !== undefined && task !== 'write') {
    throw refuse(`--report and --${task} cannot be used together: --${task} makes no drafts.`);
  }
  if (flags.mark && task !== 'write' && task !== 'apply') {
    throw refuse('--mark needs --write or --apply: without them nothing is written.');
  }
  return task ?? 'list';
}

function fieldsOf(given: readonly string[]): Record<string, string> {
  const fields = given.map((each) => {
    const [alt, image, ...more] = each.split('=').map((part) => part.trim());
    if (!alt || !image || more.length > 0 || alt === image) {
      throw refuse(
        `--field must be two field names, as in cover_alt=cover (the field of the alternative text, then the field of the image), not "${each}".`,
      );
    }
    return [alt, image] as const;
  });
  return Object.fromEntries(fields);
}

function siteOf(given: string | undefined): URL | undefined {
  if (given === undefined) return undefined;
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) {
    throw refuse(`--site must be an http(s) address, not "${given}".`);
  }
  return new URL(given);
}

/** Folders that addresses beginning with `/` start from when none is named. */
export async function defaultRoots(operands: readonly string[]): Promise<string[]> {
  const folders = [];
  for (const operand of [...operands, '.']) {
    if ((await stat(operand).catch(() => undefined))?.isDirectory()) folders.push(operand);
  }
  // Where static-site generators keep what they copy: Astro, Vite, Next; Docusaurus, Hugo, SvelteKit.
  const all = folders.flatMap((folder) => [folder, join(folder, 'public'), join(folder, 'static')]);
  return [...new Set(all)];
}

function refuse(message: string): CaptionError {
  return new CaptionError('INVALID_OPTION', message);
}
