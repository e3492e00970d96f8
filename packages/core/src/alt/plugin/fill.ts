import { join, resolve } from 'node:path';
import { type Captioner, loadCaptioner } from '../../captioner.js';
import { CaptionError } from '../../errors.js';
import type { LoadOptions } from '../../types.js';
import type { SrcsetParser } from '../find/candidates.js';
import { imageUses } from '../find/image-uses.js';
import { needsAlt } from '../find/survey.js';
import { type CaptionCache, fileCache } from '../propose/cache.js';
import type { AltCaptioner } from '../propose/captions.js';
import { type ProposeOptions, proposeAlts } from '../propose/propose.js';
import type { DocumentKind, FindOptions } from '../types.js';
import { hastTree, writeHastAttribute } from './hast-tree.js';
import { mdastTree, writeMdastAlt } from './mdast-tree.js';
import type { SyntaxNode, TreeOfNodes } from './syntax-tree.js';

/** Options of the plugins for rehype and remark. */
export interface FillOptions
  extends FindOptions,
    Omit<ProposeOptions, 'cache' | 'onProgress' | 'roots'> {
  /**
   * Folders that addresses beginning with `/` start from. Default: `public`, `static` and the folder
   * that the file's paths are relative to.
   */
  readonly roots?: readonly string[];
  /** A data attribute that is written beside each text: `'data-alt-draft'`. Default: none. */
  readonly mark?: string;
  /**
   * The file that captions are kept in, so that the next build has them; `false` for none. Default:
   * `node_modules/.cache/zipcaption/alt.jsonl`.
   */
  readonly cache?: string | false;
  /** Which model to load. Default: the embedded one. */
  readonly model?: LoadOptions;
  /** A captioner that is there already, instead of a model to load. */
  readonly captioner?: AltCaptioner;
}

/** What is used of a `VFile` (https://github.com/vfile/vfile). */
export interface ProcessedFile {
  readonly path?: string | undefined;
  readonly cwd?: string | undefined;
  message?(reason: string, place?: unknown): unknown;
}

/** Adds alternative texts to a tree. Images that remain without one are reported as messages of the file. */
export type Filler = (tree: { type: string }, file: ProcessedFile) => Promise<void>;

const OPTIONS: ReadonlySet<string> = new Set<keyof FillOptions>([
  'placeholders',
  'empty',
  'components',
  'fields',
  'maxBytes',
  'download',
  'gender',
  'search',
  'prefix',
  'suffix',
  'template',
  'maxLength',
  'minConfidence',
  'site',
  'roots',
  'mark',
  'cache',
  'model',
  'captioner',
]);

/**
 * Fills in trees of rehype; what `rehype-zipcaption` is.
 *
 * @throws CaptionError `INVALID_OPTION` for an option that is not known
 */
export function hastFiller(options: FillOptions = {}): Filler {
  return filler('html', hastTree, writeHastAttribute, options);
}

/** {@link hastFiller} for trees of remark; what `remark-zipcaption` is. */
export function mdastFiller(options: FillOptions = {}): Filler {
  return filler('markdown', mdastTree, writeMdastAlt, options);
}

function filler(
  kind: DocumentKind,
  read: (root: SyntaxNode) => TreeOfNodes,
  write: (node: SyntaxNode, name: string, value: string) => void,
  options: FillOptions,
): Filler {
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    throw new CaptionError(
      'INVALID_OPTION',
      `There is no option "${unknown}". Known options: ${[...OPTIONS].join(', ')}.`,
    );
  }
  let loaded: Promise<Captioner> | undefined;
  const load = async (): Promise<AltCaptioner> => {
    if (options.captioner) return options.captioner;
    loaded ??= loadCaptioner(options.model).catch((error: unknown) => {
      loaded = undefined; // A load that failed may go well for the next file.
      throw error;
    });
    return loaded;
  };
  let cache: Promise<CaptionCache | undefined> | undefined;

  return async (root, file) => {
    const { default: parse } = await import('@prettier/parse-srcset');
    const parseSrcset: SrcsetParser = parse;
    const { tree, places } = read(root);
    const cwd = file.cwd ?? process.cwd();
    const path = resolve(cwd, file.path ?? 'file');
    const images = imageUses('', kind, [tree], { ...options, parseSrcset })
      .filter(needsAlt)
      .map((use) => ({ ...use, file: path, occurrence: 0 }));
    if (images.length === 0) return;

    const { cache: cacheFile, mark, model: _, captioner: __, ...proposing } = options;
    if (cacheFile !== false) cache ??= cacheIn(cacheFile, cwd);
    const kept = await cache;
    const proposals = await proposeAlts(images, load, {
      ...proposing,
      roots: options.roots ?? [join(cwd, 'public'), join(cwd, 'static'), cwd],
      ...(kept && { cache: kept }),
    });
    for (const { start, draft, decision, reason, src } of proposals) {
      const node = places[start];
      if (!node) continue;
      if (decision === 'write' && draft) {
        write(node, 'alt', draft.alt);
        if (mark !== undefined) write(node, mark, '');
      } else {
        file.message?.(`${src ?? 'An image'} has no alternative text. ${reason ?? ''}`, node);
      }
    }
  };
}

async function cacheIn(file: string | undefined, cwd: string): Promise<CaptionCache | undefined> {
  if (file !== undefined) return fileCache(file);
  // If the default cache is not writable, the site is built without a cache.
  const usual = join(cwd, 'node_modules/.cache/zipcaption/alt.jsonl');
  return fileCache(usual).catch(() => undefined);
}
