import { importsOf, isNode, type Node, staticText } from './estree.js';
import { projectCompiler } from './project-compiler.js';
import type { TreeAttribute, TreeNode } from './source-tree.js';

interface SvelteCompiler {
  parse(text: string, options: { modern: true }): unknown;
}

/** Reads a component of Svelte (5 and later) with the project's own compiler. */
export async function svelteTree(text: string, path?: string): Promise<readonly TreeNode[]> {
  const compiler = await projectCompiler(['svelte/compiler'], path);
  const root = (compiler as SvelteCompiler).parse(text, { modern: true });
  if (!isNode(root)) return [];
  const imports = new Map(
    [root.module, root.instance].flatMap((script) =>
      isNode(script) && isNode(script.content) ? [...importsOf(script.content.body)] : [],
    ),
  );
  return nodesIn(root.fragment, imports);
}

function nodesIn(value: unknown, imports: ReadonlyMap<string, string>): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap((each) => nodesIn(each, imports));
  if (!isNode(value)) return [];
  if (value.type === 'Text') return [{ type: 'text', value: String(value.data) }];
  if (Array.isArray(value.attributes) && typeof value.name === 'string') {
    return [elementOf(value, value.name, value.attributes, imports)];
  }
  return Object.values(value).flatMap((each) =>
    typeof each === 'object' ? nodesIn(each, imports) : [],
  );
}

function elementOf(
  node: Node,
  name: string,
  given: readonly unknown[],
  imports: ReadonlyMap<string, string>,
): TreeNode {
  const { start, end } = node;
  const attributes = given.flatMap((attr): TreeAttribute[] => {
    if (!isNode(attr) || typeof attr.name !== 'string') return [];
    const value = attr.type === 'Attribute' ? attributeText(attr.value, imports) : null;
    // `bind:alt={…}` gives an attribute's value, too.
    return [{ name: attr.name, value, start: attr.start, end: attr.end }];
  });
  return {
    type: 'element',
    name,
    svg: name === 'image',
    attributes,
    start,
    end,
    open: given.some((attr) => !isNode(attr) || attr.type === 'SpreadAttribute'),
    nameEnd: start + 1 + name.length,
    children: nodesIn(node.fragment, imports),
  };
}

function attributeText(value: unknown, imports: ReadonlyMap<string, string>): string | null {
  if (value === true) return '';
  if (isNode(value) && value.type === 'ExpressionTag') return staticText(value.expression, imports);
  if (!Array.isArray(value)) return null;
  const parts = value.map((part: unknown) => {
    if (!isNode(part)) return null;
    if (part.type === 'Text') return String(part.data);
    return staticText(part.expression, imports);
  });
  return parts.includes(null) ? null : parts.join('');
}
