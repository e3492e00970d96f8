import type { TreeElement } from './source-tree.js';
import { attribute } from './source-tree.js';

/** Parses a `srcset`. The readers of documents load the library for it. */
export type SrcsetParser = (value: string) => readonly {
  readonly source: { readonly value: string };
  readonly width?: { readonly value: number };
  readonly density?: { readonly value: number };
}[];

/** Attributes that scripts for late loading move to `src` and `srcset`. */
const LATE = { src: ['data-src', 'data-lazy-src', 'data-original'], srcset: ['data-srcset'] };

/** Kinds that are recognised and refused: taken only when there is nothing else. */
const REFUSED = /\.(?:avif|heic|heif|jxl|svg|tiff?|bmp)(?:[?#]|$)/i;

/**
 * Addresses of the image that an element shows, the best to look at first: the largest of its
 * `srcset`, its `src`, what a `<picture>` around it offers.
 *
 * @param picture the `<picture>` around it
 */
export function candidatesOf(
  element: TreeElement,
  picture: TreeElement | undefined,
  parseSrcset: SrcsetParser,
): string[] {
  const values = (names: readonly string[]) =>
    names.flatMap((name) => {
      const value = attribute(element, name);
      return value && !isTemplate(value) ? [value.trim()] : [];
    });
  const sets = values(['srcset', ...LATE.srcset]);
  const late = values(LATE.src);
  const [src] = values(['src', 'href', 'xlink:href']);
  const offered = (picture?.children ?? []).flatMap((node) => {
    if (node.type !== 'element' || node.name !== 'source') return [];
    const set = attribute(node, 'srcset');
    return set && !isTemplate(set) ? [set] : [];
  });
  const all = [
    ...sets.flatMap((set) => largestFirst(set, parseSrcset)),
    // A data URL beside `data-src` is a placeholder until the image is loaded.
    ...(src !== undefined && !(late.length > 0 && /^data:/i.test(src)) ? [src] : []),
    ...late,
    ...offered.flatMap((set) => largestFirst(set, parseSrcset)),
  ].filter((address) => address !== '');
  const unique = [...new Set(all)];
  return [
    ...unique.filter((address) => !REFUSED.test(address)),
    ...unique.filter((address) => REFUSED.test(address)),
  ];
}

function largestFirst(set: string, parseSrcset: SrcsetParser): string[] {
  try {
    const size = (each: ReturnType<SrcsetParser>[number]) =>
      each.width?.value ?? each.density?.value ?? 1;
    return parseSrcset(set)
      .toSorted((a, b) => size(b) - size(a))
      .map(({ source }) => source.value);
  } catch {
    return []; // A browser ignores a broken `srcset`, too.
  }
}

/** True if a text contains code of a template language (Liquid, Jinja, Handlebars, EJS, PHP, …). */
export function isTemplate(text: string): boolean {
  return ['{{', '{%', '{#', '<%', '<?', '${', '#{'].some((mark) => text.includes(mark));
}
