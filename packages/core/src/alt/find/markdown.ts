import type { Nodes, Root } from 'mdast';
import type { CompileContext, Extension, Token } from 'mdast-util-from-markdown';
import type { MdxJsxAttribute, MdxJsxExpressionAttribute } from 'mdast-util-mdx';
import { htmlTree } from './html.js';
import { importsOf, jsxElement } from './jsx.js';
import { jsxNodesIn } from './jsx-tree.js';
import type { TreeImage, TreeNode } from './source-tree.js';

/** Front matter as it stands between its fences. */
export interface FrontMatter {
  readonly value: string;
  /** Where the value begins in the file. */
  readonly start: number;
}

export interface MarkdownDocument {
  readonly trees: readonly (readonly TreeNode[])[];
  readonly frontMatter?: FrontMatter;
}

type Label = { readonly start: number; readonly end: number };

/**
 * Reads Markdown with GitHub's extensions and front matter; MDX with its elements, Markdown with HTML.
 *
 * @throws what the parser of MDX throws when its syntax is wrong; Markdown cannot be wrong
 */
export async function markdownDocument(text: string, mdx: boolean): Promise<MarkdownDocument> {
  const [{ fromMarkdown }, gfm, gfmTree, front, frontTree] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('micromark-extension-gfm'),
    import('mdast-util-gfm'),
    import('micromark-extension-frontmatter'),
    import('mdast-util-frontmatter'),
  ]);
  const places = new Places();
  const extensions = [gfm.gfm(), front.frontmatter('yaml')];
  const treeExtensions: (Extension | Extension[])[] = [
    ...gfmTree.gfmFromMarkdown(),
    ...[frontTree.frontmatterFromMarkdown('yaml')].flat(),
  ];
  if (mdx) {
    const [syntax, tree] = await Promise.all([
      import('micromark-extension-mdxjs'),
      import('mdast-util-mdx'),
    ]);
    extensions.push(syntax.mdxjs());
    treeExtensions.push(...tree.mdxFromMarkdown());
  }
  const root = fromMarkdown(text, {
    extensions,
    mdastExtensions: [...treeExtensions, places.extension],
  });
  const markdown = new Converter(text, root, places.labels).tree();
  const html = mdx ? [] : await htmlTree(masked(text, places.html));
  const yaml = root.children.find((node) => node.type === 'yaml');
  const offset = yaml?.position?.start.offset;
  return {
    trees: [markdown, html],
    ...(yaml &&
      offset !== undefined && {
        frontMatter: { value: yaml.value, start: text.indexOf('\n', offset) + 1 },
      }),
  };
}

/** What the tree does not say but the parser's tokens do: where labels and pieces of HTML stand. */
class Places {
  readonly labels = new WeakMap<object, Label>();
  readonly html: (readonly [number, number])[] = [];

  get extension(): Extension {
    const { labels, html } = this;
    function htmlData(this: CompileContext, token: Token): undefined {
      html.push([token.start.offset, token.end.offset]);
      this.config.enter.data?.call(this, token);
    }
    return {
      enter: {
        labelText(token) {
          // The label's own buffer is on top, below it the image or link that it belongs to.
          const owner = this.stack.at(-2);
          if (owner) labels.set(owner, { start: token.start.offset, end: token.end.offset });
        },
        htmlFlowData: htmlData,
        htmlTextData: htmlData,
      },
    };
  }
}

/**
 * The text with all but its HTML blanked out, so that HTML which Markdown stands between (`<picture>`
 * with a blank line in it) is read as one, and every offset stays what it is.
 */
function masked(text: string, spans: readonly (readonly [number, number])[]): string {
  let result = '';
  let at = 0;
  for (const [start, end] of spans) {
    result += ' '.repeat(start - at) + text.slice(start, end);
    at = end;
  }
  return result + ' '.repeat(text.length - at);
}

class Converter {
  readonly #definitions = new Map<
    string,
    { readonly url: string; readonly title: string | null }
  >();
  readonly #imports = new Map<string, string>();

  constructor(
    private readonly text: string,
    private readonly root: Root,
    private readonly labels: WeakMap<object, Label>,
  ) {
    this.#collect(root);
  }

  tree(): TreeNode[] {
    return this.root.children.flatMap((node) => this.#convert(node));
  }

  /** Definitions and imports may stand after what uses them. */
  #collect(node: Nodes): void {
    if (node.type === 'definition' && !this.#definitions.has(node.identifier)) {
      this.#definitions.set(node.identifier, { url: node.url, title: node.title ?? null });
    }
    if (node.type === 'mdxjsEsm') {
      for (const [name, source] of importsOf(node.data?.estree?.body ?? [])) {
        this.#imports.set(name, source);
      }
    }
    if ('children' in node) for (const child of node.children) this.#collect(child);
  }

  #convert(node: Nodes): TreeNode[] {
    if (node.type === 'image') {
      const { url: src, title } = node;
      return this.#image(node, 'inline', node.alt ?? '', src, title ?? null);
    }
    if (node.type === 'imageReference') {
      const definition = this.#definitions.get(node.identifier);
      const alt = node.alt ?? '';
      return this.#image(
        node,
        node.referenceType,
        alt,
        definition?.url ?? null,
        definition?.title ?? null,
      );
    }
    if ('children' in node) {
      const children = node.children.flatMap((child) => this.#convert(child));
      if (node.type === 'mdxJsxFlowElement' || node.type === 'mdxJsxTextElement') {
        const element = jsxElement(node, this.text, this.#imports, children);
        // `<Tabs first={<img … />} />`
        const given = node.attributes.map(programOf);
        return [...(element ? [element] : children), ...jsxNodesIn(given, this.#imports)];
      }
      const name = elementName(node);
      return name === undefined ? children : [this.#element(node, name, children)];
    }
    if (
      node.type === 'mdxFlowExpression' ||
      node.type === 'mdxTextExpression' ||
      node.type === 'mdxjsEsm'
    ) {
      // `{open && <img … />}`, `export const Hero = () => <img … />`
      return jsxNodesIn(node.data?.estree, this.#imports);
    }
    return 'value' in node && (node.type === 'text' || node.type === 'inlineCode')
      ? [{ type: 'text', value: node.value }]
      : [];
  }

  #image(
    node: Nodes,
    form: TreeImage['label']['form'],
    alt: string,
    src: string | null,
    title: string | null,
  ): TreeNode[] {
    const label = this.labels.get(node);
    const [start, end] = [node.position?.start.offset, node.position?.end.offset];
    if (!label || start === undefined || end === undefined) return [];
    return [{ type: 'image', alt, src, title, start, end, label: { form, ...label } }];
  }

  /** Markdown's own elements, as far as an image's surroundings need them. */
  #element(node: Nodes, name: string, children: readonly TreeNode[]): TreeNode {
    const start = node.position?.start.offset ?? 0;
    const href = node.type === 'link' ? node.url : undefined;
    return {
      type: 'element',
      name,
      svg: false,
      open: false,
      start,
      nameEnd: start,
      children,
      end: node.position?.end.offset ?? start,
      attributes: href === undefined ? [] : [{ name: 'href', value: href, start, end: start }],
    };
  }
}

function elementName(node: Nodes): string | undefined {
  switch (node.type) {
    case 'heading':
      return `h${node.depth}`;
    case 'link':
      return 'a';
    case 'paragraph':
      return 'p';
    case 'tableCell':
      return 'td';
    default:
      return undefined;
  }
}

/** What an attribute's expression was parsed to, where it is one. */
function programOf(attribute: MdxJsxAttribute | MdxJsxExpressionAttribute): unknown {
  if (attribute.type === 'mdxJsxExpressionAttribute') return attribute.data?.estree;
  const { value } = attribute;
  return typeof value === 'object' ? value?.data?.estree : undefined;
}
