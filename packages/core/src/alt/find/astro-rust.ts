import { CaptionError } from '../../errors.js';
import { importsOf, isNode } from './estree.js';
import { jsxNodesIn } from './jsx-tree.js';
import type { TreeNode } from './source-tree.js';

/** `@astrojs/compiler-rs`, which came with Astro 7. */
export interface AstroRustCompiler {
  parse(text: string): { readonly ast: unknown };
}

export function astroRustTree(text: string, compiler: AstroRustCompiler): readonly TreeNode[] {
  const { ast } = compiler.parse(text);
  if (!isNode(ast) || !Array.isArray(ast.body)) {
    throw new CaptionError('INVALID_INPUT', 'The compiler of Astro cannot parse it.');
  }
  const frontMatter = isNode(ast.frontmatter) ? ast.frontmatter.program : undefined;
  const imports = importsOf(isNode(frontMatter) ? frontMatter.body : undefined);
  return jsxNodesIn(ast.body, imports);
}
