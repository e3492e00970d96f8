import { importsOf } from '../find/estree.js';
import type { TreeNode } from '../find/source-tree.js';
import { isMdxElement, mdxTreeElement, writeMdxAttribute } from './mdx-element.js';
import { childrenOf, type SyntaxNode, type TreeOfNodes } from './syntax-tree.js';

/** A tree of hast (HTML, as rehype has it), with MDX elements in it where there are some. */
export function hastTree(root: SyntaxNode): TreeOfNodes {
  const places: SyntaxNode[] = [];
  const imports = new Map<string, string>();
  const convert = (node: SyntaxNode): TreeNode[] => {
    if (node.type === 'mdxjsEsm') {
      for (const [name, source] of importsOf(node.data?.estree?.body)) imports.set(name, source);
    }
    if (node.type === 'text') return [{ type: 'text', value: String(node.value) }];
    const isElement = node.type === 'element';
    const isMdx = isMdxElement(node);
    const place = isElement || isMdx ? places.push(node) - 1 : 0;
    const children = childrenOf(node).flatMap(convert);
    if (isMdx) return [mdxTreeElement(node, place, imports, children)];
    if (!isElement) return children;
    const name = String(node.tagName);
    return [
      {
        type: 'element',
        name,
        svg: name === 'image',
        open: false,
        children,
        start: place,
        end: place,
        nameEnd: place,
        attributes: Object.entries(node.properties ?? {}).flatMap(([property, value]) =>
          value === null || value === undefined || value === false
            ? []
            : [{ name: attributeName(property), value: textOf(value), start: place, end: place }],
        ),
      },
    ];
  };
  return { tree: convert(root), places };
}

/** Writes an attribute of an element. */
export function writeHastAttribute(node: SyntaxNode, name: string, value: string): void {
  if (isMdxElement(node)) writeMdxAttribute(node, name, value);
  else node.properties = { ...node.properties, [propertyName(name)]: value };
}

/** hast names properties as the DOM does: `srcSet`, `ariaLabelledBy`, `dataLazySrc`, `xLinkHref`. */
function attributeName(property: string): string {
  if (property === 'xLinkHref') return 'xlink:href';
  if (/^aria[A-Z]/.test(property)) return `aria-${property.slice(4).toLowerCase()}`;
  if (!/^data[A-Z]/.test(property)) return property.toLowerCase();
  return property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function propertyName(attribute: string): string {
  return attribute.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function textOf(value: unknown): string {
  if (value === true) return '';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
