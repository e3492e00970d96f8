import { createHash } from 'node:crypto';
import { DECISIONS_FORMAT, type Proposal } from '../../../alt/index.js';
import { wrongWith } from '../formats/alt-result.js';
import { imageObject } from '../formats/json.js';
import { reviewScript } from './review-script.js';
import { REVIEW_STYLE } from './review-style.js';

/** Says of a file that it is such a page. */
export const GENERATOR = '<meta name="generator" content="zipcaption alt --report">';

/** An image of the page; `picture` is a `data:` URL, where there is one to show. */
export interface ReviewedImage {
  readonly proposal: Proposal;
  readonly picture?: string;
}

export interface ReviewOptions {
  /** Characters from which on a text is called long. */
  readonly longest: number;
}

/**
 * The page on which drafts are reviewed: one file that needs no network. Nothing is decided until
 * somebody decides it; what was is exported as JSON.
 */
export function reviewPage(images: readonly ReviewedImage[], { longest }: ReviewOptions): string {
  const data = {
    format: DECISIONS_FORMAT,
    images: images.map(({ proposal }) => ({ ...imageObject(proposal), decision: 'skip' })),
  };
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const key = `zipcaption-alt ${createHash('sha256').update(json).digest('hex').slice(0, 16)}`;
  const script = `(${reviewScript.toString()})(${JSON.stringify(key)}, ${longest});`;
  const hash = createHash('sha256').update(script).digest('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
${GENERATOR}
<title>Alternative texts to review</title>
<style>
${REVIEW_STYLE}</style>
</head>
<body>
<header>
<h1>Alternative texts to review</h1>
<p>A draft says what a model sees, not what the image is here for. A good text says what a reader needs in its place; an image in a link says where the link leads; an image that adds nothing is decorative.</p>
<div class="bar">
<p id="total">${images.length} images</p>
<label><input type="checkbox" id="only-open"> Only open ones</label>
<button type="button" id="export">Export alt.json</button>
</div>
<p id="status" role="status"></p>
<p class="hint"><kbd>Ctrl</kbd>+<kbd>Enter</kbd> in a text uses it and goes to the next. What is decided stays in this browser.</p>
<noscript><p>The page needs JavaScript to export what is decided.</p></noscript>
</header>
<main>
${sections(images)}
</main>
<script type="application/json" id="data">${json}</script>
<script>${script}</script>
</body>
</html>
`;
}

function sections(images: readonly ReviewedImage[]): string {
  const byFile = new Map<string, string[]>();
  for (const [index, image] of images.entries()) {
    const { file } = image.proposal;
    const cards = byFile.get(file) ?? [];
    cards.push(card(image, index));
    byFile.set(file, cards);
  }
  if (byFile.size === 0) return '<p>Every image has an alternative text.</p>';
  return [...byFile]
    .map(([file, cards], index) => {
      const id = `f${index}`;
      return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeHtml(file)}</h2>\n${cards.join('\n')}\n</section>`;
    })
    .join('\n');
}

function card({ proposal, picture }: ReviewedImage, index: number): string {
  const { src, kind, line, column, draft, slot } = proposal;
  const name = shortened(src === null || src === '' ? `<${kind}>` : src);
  const shown = picture
    ? `<img src="${picture}" alt="The image that is to be described">`
    : '<p class="none">No preview</p>';
  return `<article aria-labelledby="n${index}">
<div class="picture">${shown}</div>
<div class="text">
<h3 id="n${index}">${escapeHtml(name)}</h3>
<p class="place">Line ${line}, column ${column}. ${escapeHtml(wrongWith(proposal))}</p>
${surroundings(proposal)}${slot ? fields(proposal, index) : readOnly(draft?.alt)}</div>
</article>`;
}

function surroundings({ context }: Proposal): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['In a link to', context.link],
    ['Heading', context.heading],
    ['Figure caption', context.caption],
    ['Title', context.title],
    ['Text around it', context.text],
  ];
  const given = facts.flatMap(([name, value]) =>
    value ? [`<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`] : [],
  );
  return given.length > 0 ? `<dl>${given.join('')}</dl>\n` : '';
}

function fields({ draft, reason, kind }: Proposal, index: number): string {
  const sure = draft
    ? `Draft, ${Math.round(draft.confidence * 100)} % sure${reason ? `: ${lowerFirst(reason)}` : ''}`
    : `No draft: ${lowerFirst(reason ?? '')}`;
  // Markdown and front matter have no way to say that an image is decorative.
  const decorative = kind !== 'markdown' && kind !== 'input' && kind !== 'area';
  return `<label for="t${index}">Alternative text</label>
<textarea id="t${index}" rows="2" spellcheck="true" aria-describedby="s${index} c${index}">${escapeHtml(draft?.alt ?? '')}</textarea>
<p class="facts"><span id="s${index}">${escapeHtml(sure)}</span> <span id="c${index}" class="count"></span></p>
${alternatives(draft?.alternatives ?? [])}<fieldset>
<legend>Decision</legend>
${radio(index, 'write', 'Use this text')}
${decorative ? `${radio(index, 'decorative', 'Decorative')}\n` : ''}${radio(index, 'skip', 'Leave')}
</fieldset>
`;
}

function alternatives(
  others: readonly { readonly alt: string; readonly confidence: number }[],
): string {
  if (others.length === 0) return '';
  const items = others.map(
    ({ alt, confidence }) =>
      `<li><button type="button" data-alt="${escapeHtml(alt)}">${escapeHtml(alt)}</button> <span class="sure">${Math.round(confidence * 100)} %</span></li>`,
  );
  return `<ul aria-label="Other drafts">${items.join('')}</ul>\n`;
}

function radio(index: number, value: string, label: string): string {
  return `<label><input type="radio" name="d${index}" value="${value}"> ${label}</label>`;
}

function readOnly(draft: string | undefined): string {
  const text = draft ? `A draft: ${draft}.` : 'There is no draft.';
  return `<p>It has no alt attribute, so nothing is written here. Add an aria-label, or a title in its SVG, by hand. ${escapeHtml(text)}</p>\n`;
}

function shortened(src: string): string {
  return src.length <= 80 ? src : `${src.slice(0, 60)}…`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
