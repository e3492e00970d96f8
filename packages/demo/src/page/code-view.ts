import type { CaptionRequest } from '../caption.js';
import { copyFrom } from './copy.js';
import { create, element } from './element.js';
import { type Snippet, type SnippetSettings, snippets } from './snippets.js';
import { recall, remember } from './storage.js';

/** A comment, a string, a tag's name or a keyword: enough for five snippets of ours. */
const TOKENS =
  /(?<comment>\/\/ [^\n]*|# [^\n]*|<!--.*?-->)|(?<string>'[^'\n]*'|"[^"\n]*")|(?<keyword>\b(?:import|export|from|const|await|async|curl)\b|<\/?[\w!-]+|>)/g;

/** Code to take along, in tabs, with the options that are set now. */
export class CodeView {
  readonly #tabs = new Map<string, HTMLButtonElement>();
  readonly #place: () => Omit<SnippetSettings, keyof CaptionRequest>;
  #request: CaptionRequest | undefined;
  #chosen: string;

  /** @param place where the page and the API are, asked for at every change */
  constructor(place: () => Omit<SnippetSettings, keyof CaptionRequest>) {
    this.#place = place;
    this.#chosen = recall('code') ?? 'node';
    element('code-tabs', HTMLElement).addEventListener('keydown', (event) => this.#onKey(event));
    const copy = element('copy-code', HTMLButtonElement);
    copy.addEventListener('click', () => {
      const code = element('code-text', HTMLElement).textContent;
      if (code) void copyFrom(copy, code);
    });
  }

  show(request: CaptionRequest = this.#request ?? { numBeams: 3, maxLength: 20 }): void {
    this.#request = request;
    const all = snippets({ ...request, ...this.#place() });
    const chosen = all.find(({ id }) => id === this.#chosen) ?? all[0];
    for (const snippet of all) this.#tab(snippet, snippet === chosen);
    if (!chosen) return;
    element('code-panel', HTMLElement).setAttribute('aria-labelledby', `code-tab-${chosen.id}`);
    element('code-text', HTMLElement).replaceChildren(...highlight(chosen.code));
    element('code-note', HTMLElement).textContent = chosen.note;
  }

  #tab({ id, label }: Snippet, selected: boolean): void {
    const tab = this.#tabs.get(id) ?? this.#addTab(id, label);
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }

  #addTab(id: string, label: string): HTMLButtonElement {
    const attributes = { type: 'button', role: 'tab', 'aria-controls': 'code-panel' };
    const tab = create('button', { ...attributes, id: `code-tab-${id}` }, label);
    tab.addEventListener('click', () => this.#choose(id));
    this.#tabs.set(id, tab);
    element('code-tabs', HTMLElement).append(tab);
    return tab;
  }

  #choose(id: string): void {
    this.#chosen = id;
    remember('code', id);
    this.show();
  }

  /** Arrows choose the next tab at once (WAI-ARIA practices, tabs with automatic activation). */
  #onKey(event: KeyboardEvent): void {
    const ids = [...this.#tabs.keys()];
    const now = ids.indexOf(this.#chosen);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: -1 }[event.key];
    const id = next === undefined ? undefined : ids.at(next % ids.length);
    if (!id) return;
    event.preventDefault();
    this.#choose(id);
    this.#tabs.get(id)?.focus();
  }
}

function highlight(code: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const match of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    parts.push(code.slice(at, match.index), create('span', { class: `code-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  return [...parts, code.slice(at)];
}
