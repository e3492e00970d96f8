import { CaptionError } from '../../errors.js';
import type { DocumentKind, FindOptions, ImageUse } from '../types.js';
import type { SrcsetParser } from './candidates.js';
import { imageUses, type UseOptions } from './image-uses.js';
import type { TreeNode } from './source-tree.js';

const KINDS: Readonly<Record<string, DocumentKind>> = {
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  njk: 'html',
  liquid: 'html',
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'mdx',
  astro: 'astro',
  vue: 'vue',
  svelte: 'svelte',
};

/** Extensions of the files that are searched for images, without the dot. */
export const DOCUMENT_EXTENSIONS: readonly string[] = Object.keys(KINDS);

/** What kind of document a file's name promises; undefined for one of another kind. */
export function documentKind(path: string): DocumentKind | undefined {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? undefined : KINDS[name.slice(dot + 1).toLowerCase()];
}

/** Text to look for images in. */
export interface SourceText {
  readonly text: string;
  readonly kind: DocumentKind;
  /** The file's path; the compilers of Astro, Vue and Svelte are resolved from it. */
  readonly path?: string;
}

/**
 * The images of a document in the order in which they stand there, with what their alternative
 * texts are like. Nothing is opened but the text.
 *
 * @throws CaptionError `INVALID_INPUT` when the document cannot be parsed; `PARSER_NOT_FOUND` when a
 *   parser that it takes is not installed
 *
 * @example
 * const uses = await findInText({ text: '<img src="dog.jpg">', kind: 'html' });
 * uses[0]?.status; // 'missing'
 */
export async function findInText(
  source: SourceText,
  options: FindOptions = {},
): Promise<ImageUse[]> {
  const { text, kind } = source;
  try {
    const { default: parse } = await import('@prettier/parse-srcset');
    const parseSrcset: SrcsetParser = parse;
    const { trees, fields } = await read(source, options);
    const uses = imageUses(text, kind, trees, { ...options, parseSrcset } satisfies UseOptions);
    return [...fields, ...uses].sort((a, b) => a.start - b.start);
  } catch (cause) {
    throw asCaptionError(cause);
  }
}

interface ReadDocument {
  readonly trees: readonly (readonly TreeNode[])[];
  readonly fields: readonly ImageUse[];
}

async function read(source: SourceText, options: FindOptions): Promise<ReadDocument> {
  const { text, kind, path } = source;
  switch (kind) {
    case 'html': {
      const { htmlTree } = await import('./html.js');
      return { trees: [await htmlTree(text)], fields: [] };
    }
    case 'markdown':
    case 'mdx': {
      const { markdownDocument } = await import('./markdown.js');
      const { trees, frontMatter } = await markdownDocument(text, kind === 'mdx');
      if (!frontMatter) return { trees, fields: [] };
      const { frontMatterUses } = await import('./front-matter.js');
      return { trees, fields: await frontMatterUses(text, frontMatter, options) };
    }
    case 'astro': {
      const { astroTree } = await import('./astro.js');
      return { trees: [await astroTree(text, path)], fields: [] };
    }
    case 'vue': {
      const { vueTree } = await import('./vue.js');
      return { trees: [await vueTree(text, path)], fields: [] };
    }
    case 'svelte': {
      const { svelteTree } = await import('./svelte.js');
      return { trees: [await svelteTree(text, path)], fields: [] };
    }
  }
}

function asCaptionError(cause: unknown): CaptionError {
  if (cause instanceof CaptionError) return cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return new CaptionError(
      'PARSER_NOT_FOUND',
      'The parsers for HTML and Markdown are not installed (they are optional dependencies of zipcaption). Install zipcaption again without --omit=optional.',
      { cause },
    );
  }
  if (cause instanceof RangeError) {
    return new CaptionError('INVALID_INPUT', 'Its elements are nested too deeply.', {
      cause,
    });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CaptionError('INVALID_INPUT', `It cannot be parsed: ${firstLine(why)}`, { cause });
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').trim();
}
