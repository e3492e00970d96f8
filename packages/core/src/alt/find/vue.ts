import { CaptionError } from '../../errors.js';
import { importsOf } from './estree.js';
import { projectCompiler } from './project-compiler.js';
import type { TreeAttribute, TreeNode } from './source-tree.js';

/*
 * The little of @vue/compiler-core's tree that is needed here. Numbers are its NodeTypes:
 * https://github.com/vuejs/core/blob/main/packages/compiler-core/src/ast.ts
 */
const [ELEMENT, TEXT, ATTRIBUTE, DIRECTIVE] = [1, 2, 6, 7];

interface Location {
  readonly start: { readonly offset: number };
  readonly end: { readonly offset: number };
}

interface VueProperty {
  readonly type: number;
  readonly name: string;
  readonly loc: Location;
  readonly value?: { readonly content: string };
  readonly arg?: { readonly content: string; readonly isStatic?: boolean };
  readonly exp?: { readonly content: string };
}

interface VueNode {
  readonly type: number;
  readonly loc: Location;
  readonly tag?: string;
  readonly content?: unknown;
  readonly props?: readonly VueProperty[];
  readonly children?: readonly VueNode[];
}

interface VueScript {
  readonly content: string;
}

interface VueCompiler {
  parse(text: string): {
    readonly descriptor: {
      readonly template: { readonly ast?: VueNode; readonly lang?: string } | null;
      readonly script: VueScript | null;
      readonly scriptSetup: VueScript | null;
    };
    readonly errors: readonly { readonly message: string }[];
  };
  babelParse(
    text: string,
    options: { sourceType: 'module'; plugins: readonly string[]; errorRecovery: true },
  ): { readonly program: { readonly body: unknown } };
}

/** Reads a component of Vue (3 and later) with the project's own compiler. */
export async function vueTree(text: string, path?: string): Promise<readonly TreeNode[]> {
  const module = (await projectCompiler(['vue/compiler-sfc'], path)) as VueCompiler & {
    default?: VueCompiler;
  };
  const compiler = module.default ?? module;
  const { descriptor, errors } = compiler.parse(text);
  const [error] = errors;
  if (error) throw new CaptionError('INVALID_INPUT', `It cannot be parsed: ${error.message}`);
  const { template, script, scriptSetup } = descriptor;
  if (!template?.ast) {
    const lang = template?.lang;
    if (!lang || lang === 'html') return [];
    throw new CaptionError(
      'INVALID_INPUT',
      `Templates in "${lang}" are not supported, only HTML templates.`,
    );
  }
  const imports = new Map(
    [script, scriptSetup].flatMap((each) => (each ? importedBy(each.content, compiler) : [])),
  );
  return (template.ast.children ?? []).flatMap((node) => nodeOf(node, imports));
}

function importedBy(code: string, { babelParse }: VueCompiler): (readonly [string, string])[] {
  const plugins = ['typescript', 'jsx'];
  const { program } = babelParse(code, { sourceType: 'module', plugins, errorRecovery: true });
  return [...importsOf(program.body)];
}

function nodeOf(node: VueNode, imports: ReadonlyMap<string, string>): TreeNode[] {
  if (node.type === TEXT) return [{ type: 'text', value: String(node.content) }];
  const children = (node.children ?? []).flatMap((child) => nodeOf(child, imports));
  const { tag: name, props = [], loc } = node;
  if (node.type !== ELEMENT || name === undefined) return children;
  const start = loc.start.offset;
  return [
    {
      type: 'element',
      name,
      svg: name === 'image',
      children,
      start,
      end: loc.end.offset,
      attributes: props.flatMap((property) => attributeOf(property, imports)),
      // `v-bind="all"`, `v-bind:[name]="…"`
      open: props.some(
        ({ type, name: directive, arg }) =>
          type === DIRECTIVE && directive === 'bind' && arg?.isStatic !== true,
      ),
      nameEnd: start + 1 + name.length,
    },
  ];
}

function attributeOf(
  { type, name, value, loc, arg, exp }: VueProperty,
  imports: ReadonlyMap<string, string>,
): TreeAttribute[] {
  const place = { start: loc.start.offset, end: loc.end.offset };
  if (type === ATTRIBUTE) return [{ name, value: value?.content ?? '', ...place }];
  if (name !== 'bind' || arg?.isStatic !== true) return [];
  return [{ name: arg.content, value: imports.get(exp?.content ?? '') ?? null, ...place }];
}
