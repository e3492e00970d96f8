/** The element of the page with that id, of that kind; the page and its script belong together. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} "${id}".`);
  return found;
}

/**
 * Shows or hides a control. Where the focus is on one that goes, it goes to `next`: otherwise a visitor with a keyboard
 * would start again from the page's top.
 */
export function setHidden(control: HTMLElement, hidden: boolean, next: () => HTMLElement): void {
  const hadFocus = document.activeElement === control;
  control.hidden = hidden;
  if (hidden && hadFocus) next().focus({ preventScroll: true });
}

/** A new element with attributes and children. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
