import type { DefaultTreeAdapterTypes as Parse5 } from 'parse5';
import type { TreeAttribute, TreeElement, TreeNode } from './source-tree.js';

const SVG = 'http://www.w3.org/2000/svg';

/** Reads HTML as a browser does: a page or a part of one, whatever is wrong with it. */
export async function htmlTree(text: string): Promise<readonly TreeNode[]> {
  const { parse } = await import('parse5');
  // Parsed without scripting, so that `<noscript>` has elements: lazy-loading pages have images in it.
  const page = parse(text, { sourceCodeLocationInfo: true, scriptingEnabled: false });
  return nodesOf(page, text);
}

function nodesOf(parent: Parse5.ParentNode, text: string): TreeNode[] {
  const nodes = 'content' in parent ? parent.content.childNodes : parent.childNodes;
  return nodes.flatMap((node): TreeNode[] => {
    if ('tagName' in node) return elementOf(node, text);
    return node.nodeName === '#text' && 'value' in node
      ? [{ type: 'text', value: node.value }]
      : [];
  });
}

function elementOf(node: Parse5.Element, text: string): TreeNode[] {
  const children = nodesOf(node, text);
  const location = node.sourceCodeLocation;
  const tag = location?.startTag ?? location;
  const nameEnd = tag ? endOfName(text, tag.startOffset + 1) : 0;
  const attributes = node.attrs.map((attr): TreeAttribute => {
    const name = attr.prefix ? `${attr.prefix}:${attr.name}` : attr.name;
    const at = location?.attrs?.[name];
    return { name, value: attr.value, start: at?.startOffset ?? 0, end: at?.endOffset ?? 0 };
  });
  const element: TreeElement = {
    type: 'element',
    name: node.tagName,
    svg: node.namespaceURI === SVG,
    attributes,
    // `<img {{ attributes }}>`, `<img {% if … %}alt="…"{% endif %}>`, `<img <?= … ?>>`
    open: attributes.some(({ name }) => isOdd(name)) || !tag,
    start: tag?.startOffset ?? 0,
    end: tag?.endOffset ?? 0,
    nameEnd,
    children,
  };
  // Elements that the parser adds (`<html>`, `<tbody>`) have no place in the source, but their children do.
  return [element];
}

/** No attribute of HTML has such a name: a template language has words inside the tag. */
function isOdd(name: string): boolean {
  return ['{', '}', '<', '%', '?', '"', "'"].some((character) => name.includes(character));
}

function endOfName(text: string, start: number): number {
  let end = start;
  while (end < text.length && !' \t\r\n\f/>'.includes(text.charAt(end))) end++;
  return end;
}
