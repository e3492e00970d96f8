import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type AltDecision,
  applyAlts,
  type CaptionCache,
  decisionOf,
  type FileProblem,
  type FoundImage,
  fileCache,
  findImages,
  needsAlt,
  type Proposal,
  type ProposeOptions,
  parseDecisions,
  proposeAlts,
} from '../../alt/index.js';
import { DEFAULT_MAX_LENGTH } from '../../alt/propose/style.js';
import { CaptionError, type Captioner } from '../../index.js';
import { downloadPhoto } from '../../input/download.js';
import { DEFAULT_MAX_PIXELS } from '../../limits.js';
import { writableCache } from '../../node/hub/cache.js';
import { readArguments } from '../arguments.js';
import { defaultJobs } from '../caption-settings.js';
import { printable } from '../formats/text.js';
import type { Interruption } from '../interruption.js';
import { loadModel } from '../load-model.js';
import { renderProgress } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { type AltSettings, altSettings, defaultRoots } from './alt-settings.js';
import { ALT_FLAGS } from './flags.js';
import type { Listed } from './formats/alt-result.js';
import { ALT_FORMATS } from './formats/format.js';
import { fullAltHelp, SHORT_ALT_HELP } from './help.js';
import { documentPaths } from './operands.js';
import { stopped, summary } from './summary.js';

/**
 * `zipcaption alt …`: finds images without alternative text, drafts and writes some.
 *
 * @returns the exit code: 0 done, 1 a file or an image's text failed or is missing in a check, 2 no
 *   file named
 */
export async function alt(
  argv: readonly string[],
  terminal: Terminal,
  interruption: Interruption,
): Promise<number> {
  const { flags, operands } = readArguments(argv, ALT_FLAGS);
  if (flags.help) {
    await terminal.print(fullAltHelp());
    return 0;
  }
  const settings = altSettings(flags);
  if (operands.length === 0) {
    await terminal.note(SHORT_ALT_HELP.trimEnd());
    return 2;
  }
  const run = new AltRun(settings, operands, terminal, interruption.signal);
  try {
    return await run.run();
  } catch (error) {
    if (interruption.exitCode !== undefined) await run.tellWhatIsKept();
    throw error;
  }
}

class AltRun {
  readonly #problems: FileProblem[] = [];
  #files: readonly string[] = [];
  readonly #written: string[] = [];

  constructor(
    private readonly settings: AltSettings,
    private readonly operands: readonly string[],
    private readonly terminal: Terminal,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<number> {
    const { settings, signal } = this;
    // Errors in the decisions and the report are reported before any other work.
    if (settings.report !== undefined) {
      const { checkReportPath } = await import('./report/report.js');
      await checkReportPath(settings.report);
    }
    const decisions = settings.decisions && (await decisionsIn(settings.decisions));
    const { paths, problems } = await documentPaths(this.operands);
    const survey = await findImages(paths, { ...settings.find, signal });
    this.#files = survey.files;
    this.#problems.push(...problems, ...survey.problems);
    const missing = survey.images.filter(needsAlt);
    const listed = decisions
      ? await this.#apply(survey.images, decisions)
      : settings.task === 'check'
        ? missing
        : await this.#draft(missing);
    return this.#print(listed);
  }

  /** After Ctrl-C. */
  async tellWhatIsKept(): Promise<void> {
    await this.#note(stopped(this.settings, this.#written));
  }

  async #draft(missing: readonly FoundImage[]): Promise<Listed[]> {
    const proposals = await this.#propose(missing);
    const { report, task } = this.settings;
    if (report !== undefined) {
      // Loaded only for --report.
      const { writeReport } = await import('./report/report.js');
      const { maxBytes, search, style } = this.settings;
      await writeReport(report, proposals, {
        ...this.#reading(),
        maxBytes,
        maxPixels: search.maxPixels ?? DEFAULT_MAX_PIXELS,
        longest: style.maxLength ?? DEFAULT_MAX_LENGTH,
      });
      await this.#note(`${report}: open it in a browser to review ${proposals.length} images.`);
    }
    if (task !== 'write') return proposals;
    const applied = await this.#write(proposals.map(decisionOf));
    return proposals.map((proposal) => withOutcome(proposal, applied));
  }

  async #propose(missing: readonly FoundImage[]): Promise<Proposal[]> {
    const { settings, terminal, signal } = this;
    const { roots, site, search, jobs, runtime } = settings;
    let captioner: Captioner | undefined;
    const load = async () => {
      captioner = await loadModel(settings, terminal, signal);
      return captioner;
    };
    const concurrency = jobs ?? defaultJobs(missing.length, runtime);
    const cache = await this.#cache();
    try {
      return await proposeAlts(missing, load, {
        ...settings.style,
        ...this.#reading(),
        gender: settings.gender,
        minConfidence: settings.minConfidence,
        roots: roots ?? (await defaultRoots(this.operands)),
        search: { ...search, concurrency, signal },
        onProgress: this.#progress(),
        ...(site && { site }),
        ...(cache && { cache }),
      });
    } finally {
      terminal.status('');
      await captioner?.dispose();
    }
  }

  /** How bytes are got. */
  #reading(): Pick<ProposeOptions, 'maxBytes' | 'download'> {
    const { remote, maxBytes, timeoutMs } = this.settings;
    const { signal } = this;
    if (!remote) return { maxBytes };
    const limits = { maxBytes, timeout: timeoutMs, signal };
    return { maxBytes, download: (url) => downloadPhoto(url, fetch, limits) };
  }

  async #cache(): Promise<CaptionCache | undefined> {
    const { cache } = this.settings;
    if (!cache) return undefined;
    if (cache.file !== undefined) return fileCache(cache.file);
    const folder = await writableCache();
    if (folder) return fileCache(join(folder, 'alt-captions.jsonl'));
    await this.#note('--resume: no cache folder is writable. Name a file with --cache.');
    return undefined;
  }

  #progress(): (done: number, total: number) => void {
    const { terminal, settings } = this;
    const begunAt = performance.now();
    return (done, total) => {
      if (settings.quiet || total < 2) return;
      const state = { done, total, failed: 0, elapsedMs: performance.now() - begunAt };
      terminal.status(renderProgress(state, terminal));
    };
  }

  async #apply(
    images: readonly FoundImage[],
    decisions: readonly AltDecision[],
  ): Promise<Listed[]> {
    const applied = await this.#write(decisions);
    const byKey = new Map(images.map((image) => [keyOf(image), image]));
    const named = new Set(this.#files.map((file) => resolve(file)));
    return [...applied.values()].flatMap(({ decision, outcome }) => {
      const image = byKey.get(keyOf(decision));
      if (!image) {
        const what = decision.src ?? decision.kind;
        const error = named.has(resolve(decision.file))
          ? new CaptionError(
              'FILE_CHANGED',
              `${what} is no longer in the file; nothing was written.`,
            )
          : new CaptionError(
              'FILE_NOT_FOUND',
              `It is not one of the files named on the command line; nothing was written for ${what}.`,
            );
        this.#problems.push({ file: decision.file, error });
        return [];
      }
      return [
        { ...image, outcome, decided: decision.decision === 'write' ? (decision.alt ?? '') : '' },
      ];
    });
  }

  async #write(decisions: readonly AltDecision[]) {
    const { settings, signal } = this;
    const { decisions: applied, problems } = await applyAlts(decisions, {
      ...settings.find,
      files: this.#files,
      signal,
      onWritten: (file) => this.#written.push(file),
      ...(settings.mark && { mark: settings.mark }),
    });
    this.#problems.push(...problems);
    return new Map(applied.map((each) => [keyOf(each.decision), each]));
  }

  async #print(images: readonly Listed[]): Promise<number> {
    const { settings, terminal } = this;
    const { task } = settings;
    const problems = this.#problems;
    const files = this.#files.length;
    const result = { images, problems, task, files };
    await terminal.print(ALT_FORMATS[settings.format](result));
    for (const { file, error } of problems) {
      await terminal.note(printable(`zipcaption: ${file}: ${error.message} (${error.code})`));
    }
    await this.#note(summary(result));
    const failed = images.some(({ outcome }) => outcome === 'changed' || outcome === 'refused');
    // --check ignores images in SVGs: their names are not attributes.
    const lacking = task === 'check' && images.some(({ kind }) => kind !== 'svg-image');
    return problems.length > 0 || failed || lacking ? 1 : 0;
  }

  async #note(line: string): Promise<void> {
    if (!this.settings.quiet) await this.terminal.note(printable(`zipcaption: ${line}`));
  }
}

type Outcomes = ReadonlyMap<string, { readonly outcome: NonNullable<Listed['outcome']> }>;

function withOutcome(proposal: Proposal, applied: Outcomes): Listed {
  const outcome = applied.get(keyOf(proposal))?.outcome;
  return outcome ? { ...proposal, outcome } : proposal;
}

function keyOf(place: Pick<FoundImage, 'file' | 'kind' | 'src' | 'occurrence'>): string {
  // `./a.html` is `a.html`.
  return JSON.stringify([resolve(place.file), place.kind, place.src, place.occurrence]);
}

async function decisionsIn(file: string): Promise<AltDecision[]> {
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('FILE_NOT_FOUND', `--apply: ${file} cannot be read: ${why}.`, { cause });
  }
  return parseDecisions(json);
}
