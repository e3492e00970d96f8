import type { CaptionError } from '../errors.js';

/** Kinds of files that images are found in. */
export type DocumentKind = 'html' | 'markdown' | 'mdx' | 'astro' | 'vue' | 'svelte';

/**
 * The state of an image's alternative text.
 *
 * | status | meaning |
 * |---|---|
 * | `missing` | no `alt` attribute; in Markdown `![](…)`, which cannot distinguish missing from decorative |
 * | `placeholder` | an `alt` that describes nothing: a file name, "image" |
 * | `empty` | `alt=""`: somebody decided that the image is decorative |
 * | `present` | an alternative text |
 * | `dynamic` | an expression, a spread or a template gives it, or may give it |
 * | `hidden` | `role="presentation"`, `role="none"` or `aria-hidden="true"`, also of an element around it |
 * | `labelled` | `aria-label` or `aria-labelledby` names it |
 */
export type AltStatus =
  | 'missing'
  | 'placeholder'
  | 'empty'
  | 'present'
  | 'dynamic'
  | 'hidden'
  | 'labelled';

/** The kind of element: `<img>`, `<input type=image>`, `<area>`, an SVG's `<image>`, a component, `![](…)`, a field of the front matter. */
export type ImageKind = 'img' | 'input' | 'area' | 'svg-image' | 'component' | 'markdown' | 'field';

/** The context of an image in its page; fields without content are absent. */
export interface ImageContext {
  /** The last heading before it. */
  readonly heading?: string;
  /** The caption of its `<figure>`. */
  readonly caption?: string;
  /** Text of the paragraph (or other block) around it, at most 240 characters. */
  readonly text?: string;
  /** The address of the link around it: the alternative text must say where it leads. */
  readonly link?: string;
  /** Its `title`. */
  readonly title?: string;
}

/** One place in one file where an image is used. Offsets are UTF-16 code units from the file's beginning. */
export interface ImageUse {
  readonly kind: ImageKind;
  readonly status: AltStatus;
  /** The alternative text in the source; null if there is none or it is not known. */
  readonly alt: string | null;
  /** `src` in the source, empty if there is none; null if an expression or a template gives it. */
  readonly src: string | null;
  /** Addresses of the same image, the best to look at first: the largest of `srcset`, `src`, … */
  readonly candidates: readonly string[];
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** `href` of the page's `<base>`, which relative addresses start from. */
  readonly base?: string;
  readonly context: ImageContext;
  /** How the text is written here; absent where it cannot be. */
  readonly slot?: AltSlot;
}

/** Where and how an alternative text is written. Offsets into the file's text. */
export type AltSlot =
  | {
      readonly type: 'attribute';
      readonly document: DocumentKind;
      /** Where a new attribute goes. */
      readonly insertAt: number;
      /** The attribute that is there. */
      readonly existing?: { readonly start: number; readonly end: number };
    }
  | {
      readonly type: 'label';
      /** `![label](…)`, `![label][reference]`, `![label][]`, `![label]`. */
      readonly form: 'inline' | 'full' | 'collapsed' | 'shortcut';
      /** Between the brackets. */
      readonly start: number;
      readonly end: number;
      /** Past the whole image. */
      readonly imageEnd: number;
    }
  | {
      readonly type: 'field';
      /** What is taken away: nothing for a new field. */
      readonly start: number;
      readonly end: number;
      /** Before and after the quoted text. */
      readonly before: string;
      readonly after: string;
    };

/** Options for finding images. */
export interface FindOptions {
  /** More texts that count as no alternative text, besides the documented list. Case does not matter. */
  readonly placeholders?: readonly string[];
  /** Count `alt=""` as missing. Default false: it marks an image as decorative. */
  readonly empty?: boolean;
  /** Components besides `Image`, `Img`, `Picture`, `NuxtImg` and `NuxtPicture` that take `src` and `alt`. */
  readonly components?: readonly string[];
  /** Front matter: names of fields for alternative texts, each with its image's field. Dots separate nested fields. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** An image in a file. */
export interface FoundImage extends ImageUse {
  /** The file's path, as it was named. */
  readonly file: string;
  /** Which of the file's images of this kind and `src` it is, from 0. */
  readonly occurrence: number;
}

/** A file that could not be read or parsed; nothing in it is changed. */
export interface FileProblem {
  readonly file: string;
  readonly error: CaptionError;
}
