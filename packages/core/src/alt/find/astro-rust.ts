import { CaptionError } from '../../errors.js';
import { importsOf, isNode, type Node, staticText } from './estree.js';
import type { TreeAttribute, TreeNode } from './source-tree.js';

/** `@astrojs/compiler-rs`, which came with Astro 7. */
export interface AstroRustCompiler {
  parse(text: string): { readonly ast: unknown };
}

export function astroRustTree(text: string, compiler: AstroRustCompiler): readonly TreeNode[] {
  const { ast } = compiler.parse(text);
  if (!isNode(ast) || !Array.isArray(ast.body)) {
    throw new CaptionError('INVALID_INPUT', 'The compiler of Astro cannot read it.');
  }
  const frontMatter = isNode(ast.frontmatter) ? ast.frontmatter.program : undefined;
  const imports = importsOf(isNode(frontMatter) ? frontMatter.body : undefined);
  return nodesIn(ast.body, imports);
}

/** The elements in any part of the tree: expressions may hold elements, too. */
function nodesIn(value: unknown, imports: ReadonlyMap<string, string>): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap((each) => nodesIn(each, imports));
  if (!isNode(value)) return [];
  if (value.type === 'JSXText') return [{ type: 'text', value: String(value.value) }];
  if (value.type === 'JSXElement') return elementOf(value, imports);
  return Object.values(value).flatMap((each) =>
    typeof each === 'object' ? nodesIn(each, imports) : [],
  );
}

function elementOf(node: Node, imports: ReadonlyMap<string, string>): TreeNode[] {
  const children = nodesIn(node.children, imports);
  const { openingElement: opening } = node;
  if (!isNode(opening) || !isNode(opening.name) || !Array.isArray(opening.attributes)) {
    return children;
  }
  const name = nameOf(opening.name);
  const attributes = opening.attributes.flatMap((attr: unknown): TreeAttribute[] => {
    if (!isNode(attr) || attr.type !== 'JSXAttribute' || !isNode(attr.name)) return [];
    const { start, end, value } = attr;
    return [{ name: nameOf(attr.name), value: attributeText(value, imports), start, end }];
  });
  return [
    {
      type: 'element',
      ...{ name, svg: name === 'image', attributes, children },
      open: opening.attributes.some(
        (attr: unknown) => !isNode(attr) || attr.type !== 'JSXAttribute',
      ),
      ...{ start: opening.start, end: opening.end, nameEnd: opening.name.end },
    },
  ];
}

function nameOf(name: Node): string {
  if (typeof name.name === 'string') return name.name;
  // `<svg xlink:href>`, `<UI.Image>`
  const [left, right] =
    name.type === 'JSXNamespacedName' ? [name.namespace, name.name] : [name.object, name.property];
  const mark = name.type === 'JSXNamespacedName' ? ':' : '.';
  return [left, right].map((part) => (isNode(part) ? nameOf(part) : '')).join(mark);
}

function attributeText(value: unknown, imports: ReadonlyMap<string, string>): string | null {
  // An attribute without a value is an empty text in HTML.
  if (value === null || value === undefined) return '';
  if (isNode(value) && value.type === 'JSXExpressionContainer') {
    return staticText(value.expression, imports);
  }
  return staticText(value, imports);
}
