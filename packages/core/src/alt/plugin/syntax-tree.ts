import type { TreeNode } from '../find/source-tree.js';

/**
 * A node of a unist tree (https://github.com/syntax-tree/unist), as far as it is looked at here: the
 * trees are the caller's, whose types depend on its versions of their packages.
 */
export interface SyntaxNode {
  type: string;
  children?: unknown;
  value?: unknown;
  /** hast */
  tagName?: unknown;
  properties?: Record<string, unknown>;
  /** mdast */
  alt?: unknown;
  url?: unknown;
  title?: unknown;
  identifier?: unknown;
  depth?: unknown;
  /** MDX */
  name?: unknown;
  attributes?: unknown;
  data?: { estree?: { body?: unknown } };
}

/** What images are looked for in; the `start` of each node is its node's index in `places`. */
export interface TreeOfNodes {
  readonly tree: readonly TreeNode[];
  readonly places: readonly SyntaxNode[];
}

export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Array.isArray(node.children) ? node.children : [];
}
