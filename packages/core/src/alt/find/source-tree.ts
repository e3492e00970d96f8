/*
 * What all kinds of documents are read to: elements with their attributes, where they stand, and the
 * texts between them. Offsets are UTF-16 code units from the beginning of the file.
 */

export interface TreeAttribute {
  readonly name: string;
  /** null: an expression or a template gives it. */
  readonly value: string | null;
  readonly start: number;
  /** null: the parser does not say where it ends. */
  readonly end: number | null;
}

export interface TreeElement {
  readonly type: 'element';
  /** As HTML has it for its own elements (`img`), as it is written for components. */
  readonly name: string;
  readonly svg: boolean;
  readonly attributes: readonly TreeAttribute[];
  /** More attributes may come when the page is made: a spread, a template inside the tag. */
  readonly open: boolean;
  readonly start: number;
  readonly end: number;
  /** Past the tag's name. */
  readonly nameEnd: number;
  readonly children: readonly TreeNode[];
}

export interface TreeText {
  readonly type: 'text';
  readonly value: string;
}

/** An image in Markdown's own notation. */
export interface TreeImage {
  readonly type: 'image';
  readonly alt: string;
  readonly src: string | null;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly label: {
    readonly form: 'inline' | 'full' | 'collapsed' | 'shortcut';
    readonly start: number;
    readonly end: number;
  };
}

export type TreeNode = TreeElement | TreeText | TreeImage;

/** The attribute's value; undefined when it is not there, null when it is not known. */
export function attribute(element: TreeElement, name: string): string | null | undefined {
  return element.attributes.find((each) => each.name === name)?.value;
}

const texts = new WeakMap<readonly TreeNode[], string>();

/** All text inside, spaces joined. Found once for one list of nodes: a block may hold many images. */
export function textOf(nodes: readonly TreeNode[]): string {
  let text = texts.get(nodes);
  if (text === undefined) {
    text = allText(nodes).split(/\s+/).join(' ').trim();
    texts.set(nodes, text);
  }
  return text;
}

function allText(nodes: readonly TreeNode[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return node.value;
      return node.type === 'element' ? allText(node.children) : '';
    })
    .join(' ');
}
