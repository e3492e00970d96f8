import { importsOf } from '../find/estree.js';
import type { TreeNode } from '../find/source-tree.js';
import { isMdxElement, mdxTreeElement, writeMdxAttribute } from './mdx-element.js';
import { childrenOf, type SyntaxNode, type TreeOfNodes } from './syntax-tree.js';

/** A tree of mdast (Markdown, as remark has it), with MDX elements in it where there are some. */
export function mdastTree(root: SyntaxNode): TreeOfNodes {
  const places: SyntaxNode[] = [];
  const imports = new Map<string, string>();
  const definitions = new Map<unknown, SyntaxNode>();
  const collect = (node: SyntaxNode): void => {
    if (node.type === 'definition' && !definitions.has(node.identifier)) {
      definitions.set(node.identifier, node);
    }
    if (node.type === 'mdxjsEsm') {
      for (const [name, source] of importsOf(node.data?.estree?.body)) imports.set(name, source);
    }
    childrenOf(node).forEach(collect);
  };
  const convert = (node: SyntaxNode): TreeNode[] => {
    if (node.type === 'text') return [{ type: 'text', value: String(node.value) }];
    const place = places.push(node) - 1;
    const children = childrenOf(node).flatMap(convert);
    const spot = { start: place, end: place };
    if (isMdxElement(node)) return [mdxTreeElement(node, place, imports, children)];
    if (node.type === 'image' || node.type === 'imageReference') {
      const { url, title } =
        node.type === 'image' ? node : (definitions.get(node.identifier) ?? {});
      return [
        {
          type: 'image',
          alt: textOrNull(node.alt) ?? '',
          src: textOrNull(url),
          title: textOrNull(title),
          ...spot,
          label: { form: 'inline', ...spot },
        },
      ];
    }
    const name = ELEMENTS[node.type];
    if (name === undefined) return children;
    const href = textOrNull(node.url);
    return [
      {
        type: 'element',
        name: node.type === 'heading' ? `h${node.depth}` : name,
        svg: false,
        open: false,
        nameEnd: place,
        children,
        ...spot,
        attributes: href === null ? [] : [{ name: 'href', value: href, ...spot }],
      },
    ];
  };
  collect(root);
  return { tree: convert(root), places };
}

export function writeMdastAlt(node: SyntaxNode, name: string, value: string): void {
  if (isMdxElement(node)) writeMdxAttribute(node, name, value);
  // Markdown has no other attributes.
  else if (name === 'alt') node.alt = value;
}

const ELEMENTS: Readonly<Record<string, string>> = {
  heading: 'h1',
  link: 'a',
  paragraph: 'p',
  tableCell: 'td',
};

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
