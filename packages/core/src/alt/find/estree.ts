/*
 * The little of ESTree (https://github.com/estree/estree) that is needed here. Parsers come in many
 * versions, so that nodes are looked at with care rather than cast.
 */

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Names that a module's default imports give to files: `import hero from './hero.jpg'`. */
export function importsOf(body: unknown): Map<string, string> {
  const imports = new Map<string, string>();
  for (const statement of Array.isArray(body) ? body : []) {
    if (!isNode(statement) || statement.type !== 'ImportDeclaration') continue;
    const source = isNode(statement.source) ? statement.source.value : undefined;
    const specifiers = Array.isArray(statement.specifiers) ? statement.specifiers : [];
    for (const specifier of specifiers) {
      if (!isNode(specifier) || specifier.type !== 'ImportDefaultSpecifier') continue;
      const name = isNode(specifier.local) ? specifier.local.name : undefined;
      if (typeof name === 'string' && typeof source === 'string') imports.set(name, source);
    }
  }
  return imports;
}

/**
 * The text that an expression stands for, as far as that can be told without running it: a literal,
 * a template without expressions, the name of an imported file or its `.src`; null otherwise.
 */
export function staticText(
  expression: unknown,
  imports: ReadonlyMap<string, string>,
): string | null {
  if (!isNode(expression)) return null;
  switch (expression.type) {
    case 'Literal':
    case 'StringLiteral':
      return typeof expression.value === 'string' ? expression.value : null;
    case 'TemplateLiteral':
      return wholeTemplate(expression.quasis);
    case 'Identifier':
      return (typeof expression.name === 'string' && imports.get(expression.name)) || null;
    case 'MemberExpression': {
      const { property, computed } = expression;
      const isSrc = !computed && isNode(property) && property.name === 'src';
      return isSrc ? staticText(expression.object, imports) : null;
    }
    default:
      return null;
  }
}

function wholeTemplate(quasis: unknown): string | null {
  if (!Array.isArray(quasis) || quasis.length !== 1) return null;
  const value: unknown = quasis[0]?.value?.cooked;
  return typeof value === 'string' ? value : null;
}
