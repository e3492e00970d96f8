import type {
  AltSlot,
  AltStatus,
  DocumentKind,
  FindOptions,
  ImageContext,
  ImageKind,
  ImageUse,
} from '../types.js';
import { candidatesOf, isTemplate, type SrcsetParser } from './candidates.js';
import { LineIndex } from './lines.js';
import { isPlaceholder } from './placeholders.js';
import {
  attribute,
  type TreeAttribute,
  type TreeElement,
  type TreeImage,
  type TreeNode,
  textOf,
} from './source-tree.js';

const COMPONENTS = ['Image', 'Img', 'Picture', 'NuxtImg', 'NuxtPicture', 'enhanced:img'];
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const BLOCKS = new Set(['p', 'li', 'td', 'th', 'dd', 'dt', 'blockquote', 'section', 'article']);
const TEXT_LENGTH = 240;

export interface UseOptions extends FindOptions {
  readonly parseSrcset: SrcsetParser;
}

/** Names that bind an attribute to an expression: Vue's, Alpine's, Angular's, AngularJS's. */
const bound = (name: string) => [
  `:${name}`,
  `v-bind:${name}`,
  `x-bind:${name}`,
  `[${name}]`,
  `[attr.${name}]`,
  `bind:${name}`,
  `ng-attr-${name}`,
  `ng-${name}`,
];
const BOUND_ALT = new Set(bound('alt'));
const BOUND_SRC = new Set(bound('src'));

/** The images of a document, in document order. */
export function imageUses(
  text: string,
  document: DocumentKind,
  trees: readonly (readonly TreeNode[])[],
  options: UseOptions,
): ImageUse[] {
  const walk = new Walk(text, document, options);
  for (const tree of trees) walk.nodes(tree, []);
  return walk.uses();
}

interface Found {
  readonly use: Omit<ImageUse, 'line' | 'column'>;
  readonly paragraph: string;
}

class Walk {
  readonly #found: Found[] = [];
  readonly #headings: { readonly start: number; readonly text: string }[] = [];
  readonly #components: ReadonlySet<string>;
  #base: string | undefined;

  constructor(
    private readonly text: string,
    private readonly document: DocumentKind,
    private readonly options: UseOptions,
  ) {
    this.#components = new Set([...COMPONENTS, ...(options.components ?? [])]);
  }

  nodes(nodes: readonly TreeNode[], ancestors: readonly TreeElement[]): void {
    for (const node of nodes) {
      if (node.type === 'image') this.#markdownImage(node, ancestors);
      if (node.type !== 'element') continue;
      const kind = this.#kindOf(node);
      if (kind) this.#element(node, kind, ancestors);
      if (node.name === 'base') this.#base ??= attribute(node, 'href') ?? undefined;
      if (HEADINGS.has(node.name)) {
        this.#headings.push({ start: node.start, text: textOf(node.children) });
      }
      this.nodes(node.children, [...ancestors, node]);
    }
  }

  uses(): ImageUse[] {
    const lines = new LineIndex(this.text);
    const headings = this.#headings.toSorted((a, b) => a.start - b.start);
    return this.#found
      .toSorted((a, b) => a.use.start - b.use.start)
      .map(({ use, paragraph }) => {
        const heading = headings.findLast(({ start }) => start < use.start)?.text;
        const context: ImageContext = {
          ...(heading && { heading }),
          ...use.context,
          ...(paragraph && { text: shortened(paragraph) }),
        };
        return { ...use, ...lines.at(use.start), ...(this.#base && { base: this.#base }), context };
      });
  }

  #kindOf(element: TreeElement): ImageKind | undefined {
    if (element.svg) return element.name === 'image' ? 'svg-image' : undefined;
    if (element.name === 'img') return 'img';
    if (element.name === 'area') return 'area';
    if (element.name === 'input' && attribute(element, 'type')?.toLowerCase() === 'image') {
      return 'input';
    }
    return this.#components.has(element.name) ? 'component' : undefined;
  }

  #element(element: TreeElement, kind: ImageKind, ancestors: readonly TreeElement[]): void {
    // The only image of a link is the link's name; an area without an address is not a link.
    if (kind === 'area' && attribute(element, 'href') === undefined) return;
    const alt = element.attributes.find(({ name }) => name === 'alt');
    const parent = ancestors.at(-1);
    const picture = parent?.name === 'picture' ? parent : undefined;
    const src = sourceOf(element);
    const isWritable = kind !== 'svg-image' && !element.open && alt?.end !== null;
    const slot = isWritable ? this.#slot(element, alt) : undefined;
    this.#found.push({
      use: {
        kind,
        status: this.#status(element, kind, alt, src, ancestors),
        alt: alt?.value ?? null,
        src,
        candidates: kind === 'area' ? [] : candidatesOf(element, picture, this.options.parseSrcset),
        start: element.start,
        end: element.end,
        context: contextOf(ancestors, attribute(element, 'title') ?? null),
        ...(slot && { slot }),
      },
      paragraph: paragraphOf(ancestors),
    });
  }

  #status(
    element: TreeElement,
    kind: ImageKind,
    alt: TreeAttribute | undefined,
    src: string | null,
    ancestors: readonly TreeElement[],
  ): AltStatus {
    if (isHidden(element, ancestors)) return 'hidden';
    const labels = ['aria-label', 'aria-labelledby'].map((name) => attribute(element, name));
    if (labels.some((label) => label === null || label?.trim())) return 'labelled';
    if (kind === 'svg-image') {
      return hasTitle(element) || ancestors.some(namesItsSvg) ? 'labelled' : 'missing';
    }
    if (element.attributes.some(({ name }) => BOUND_ALT.has(name.toLowerCase()))) return 'dynamic';
    if (!alt) return element.open ? 'dynamic' : 'missing';
    if (alt.value === null || isTemplate(alt.value)) return 'dynamic';
    // The image of a button is never decorative: without a text, the button has no name.
    if (alt.value === '') return kind === 'input' || this.options.empty ? 'missing' : 'empty';
    return this.#statusOfText(alt.value, src);
  }

  #statusOfText(alt: string, src: string | null): AltStatus {
    if (alt.trim() === '') return this.options.empty ? 'missing' : 'placeholder';
    return isPlaceholder(alt, src, this.options.placeholders ?? []) ? 'placeholder' : 'present';
  }

  #statusOfMarkdown(alt: string, src: string | null, ancestors: readonly TreeElement[]): AltStatus {
    if (ancestors.some(isMarkedHidden)) return 'hidden';
    if (isTemplate(alt)) return 'dynamic';
    return alt.trim() === '' ? 'missing' : this.#statusOfText(alt, src);
  }

  #slot(element: TreeElement, alt: TreeAttribute | undefined): AltSlot {
    const src = element.attributes.find(({ name }) => name === 'src');
    return {
      type: 'attribute',
      document: this.document,
      insertAt: src?.end ?? element.nameEnd,
      ...(alt && alt.end !== null && { existing: { start: alt.start, end: alt.end } }),
    };
  }

  #markdownImage(image: TreeImage, ancestors: readonly TreeElement[]): void {
    const { alt, src, start, end } = image;
    const dynamic = src !== null && isTemplate(src);
    this.#found.push({
      use: {
        kind: 'markdown',
        status: this.#statusOfMarkdown(alt, src, ancestors),
        alt: alt === '' ? null : alt,
        src: dynamic ? null : src,
        candidates: src === null || src === '' || dynamic ? [] : [src],
        start,
        end,
        context: contextOf(ancestors, image.title),
        slot: { type: 'label', ...image.label, imageEnd: end },
      },
      paragraph: paragraphOf(ancestors),
    });
  }
}

function sourceOf(element: TreeElement): string | null {
  for (const name of ['src', 'data-src', 'data-lazy-src', 'href', 'xlink:href']) {
    const value = attribute(element, name);
    if (value === null || (value !== undefined && isTemplate(value))) return null;
    if (value?.trim()) return value.trim();
  }
  return element.open || element.attributes.some(({ name }) => BOUND_SRC.has(name)) ? null : '';
}

function isHidden(element: TreeElement, ancestors: readonly TreeElement[]): boolean {
  const role = attribute(element, 'role')?.trim().toLowerCase();
  if (role === 'presentation' || role === 'none') return true;
  return isMarkedHidden(element) || ancestors.some(isMarkedHidden);
}

function isMarkedHidden(element: TreeElement): boolean {
  return attribute(element, 'aria-hidden')?.trim().toLowerCase() === 'true';
}

/** True for an `<svg>` with a name of its own, which also names its image. */
function namesItsSvg(element: TreeElement): boolean {
  if (element.name !== 'svg') return false;
  if (attribute(element, 'aria-label') || attribute(element, 'aria-labelledby')) return true;
  return hasTitle(element);
}

/** SVG has its texts in elements: `<image><title>A dog</title></image>`. */
function hasTitle({ children }: TreeElement): boolean {
  return children.some(
    (node) => node.type === 'element' && node.name === 'title' && textOf(node.children) !== '',
  );
}

function contextOf(ancestors: readonly TreeElement[], title: string | null): ImageContext {
  const figure = ancestors.findLast(({ name }) => name === 'figure');
  const captions = figure?.children.filter(
    (node) => node.type === 'element' && node.name === 'figcaption',
  );
  const caption = textOf(captions ?? []);
  const anchor = ancestors.findLast(({ name }) => name === 'a');
  const link = anchor && attribute(anchor, 'href');
  return {
    ...(caption && { caption }),
    ...(link && { link }),
    ...(title && { title }),
  };
}

function paragraphOf(ancestors: readonly TreeElement[]): string {
  const block = ancestors.findLast(({ name }) => BLOCKS.has(name));
  return block ? textOf(block.children) : '';
}

function shortened(text: string): string {
  return text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1).trimEnd()}…`;
}
