import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { CaptionResult, WordAttention } from 'zipcaption';
import type { LabelledPhoto } from './data.js';
import type { ScoredPhoto } from './scores.js';

export interface ReportEntry {
  readonly result: CaptionResult;
  readonly photo: LabelledPhoto;
  readonly scores: ScoredPhoto;
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const mimeTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

/** One self-contained page: figures, then every photo with its caption, references and scores. */
export function reportPage(
  summary: Readonly<Record<string, string | number>>,
  entries: readonly ReportEntry[],
): string {
  const worstFirst = [...entries].sort((a, b) => a.scores.ciderD - b.scores.ciderD);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Captions of ${escapeHtml(String(summary.model))}</title>
<style>${style}</style>
<header>
<h1>Captions of ${escapeHtml(String(summary.model))}</h1>
<dl>${Object.entries(summary).map(figure).join('')}</dl>
<p>${worstFirst.length} photos, <label>order <select id="order">
<option value="worst">worst first</option><option value="best">best first</option>
<option value="unsure">least confident first</option></select></label>.
Point at a word of a caption to see where the model looked.</p>
</header>
<main>${worstFirst.map(card).join('\n')}</main>
<script>${script}</script>
</html>
`;
}

function figure([key, value]: [string, string | number]): string {
  const shown = typeof value === 'number' ? Number(value.toFixed(3)) : escapeHtml(value);
  return `<div><dt>${escapeHtml(key)}</dt><dd>${shown}</dd></div>`;
}

function card({ result, photo, scores }: ReportEntry): string {
  const type = mimeTypes[extname(photo.path).toLowerCase()] ?? 'image/jpeg';
  const data = readFileSync(photo.path).toString('base64');
  return `<article data-cider="${scores.ciderD.toFixed(4)}" data-confidence="${result.confidence.toFixed(4)}">
<figure><img loading="lazy" alt="" src="data:${type};base64,${data}"><canvas></canvas></figure>
<p class="caption">${words(result)}</p>
<p class="scores">CIDEr-D ${scores.ciderD.toFixed(2)} · ROUGE-L ${scores.rougeL.toFixed(2)} · confidence ${result.confidence.toFixed(2)}</p>
<ul>${photo.references.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>
<p class="file">${escapeHtml(photo.file)}</p>
</article>`;
}

function words({ text, attention }: CaptionResult): string {
  if (!attention) return escapeHtml(text);
  return attention
    .map((map) => `<span tabindex="0" data-map="${encodeMap(map)}">${escapeHtml(map.word)}</span>`)
    .join(' ');
}

/** Columns, then a letter a cell: the values scaled to 0–15, as hexadecimal digits. */
function encodeMap({ values, columns }: WordAttention): string {
  const most = Math.max(...values);
  const digits = Array.from(values, (value) => Math.round((15 * value) / most).toString(16));
  return `${columns}:${digits.join('')}`;
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --line: #8884; }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; } dt { opacity: .7; font-size: .85em; } dd { margin: 0; font-weight: 600; }
main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
article { border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; padding-bottom: .5rem; }
figure { margin: 0; position: relative; } img { display: block; width: 100%; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; transition: opacity .15s; mix-blend-mode: multiply; }
canvas.on { opacity: .85; }
article > p, ul { margin: .5rem .9rem 0; } .caption { font-size: 1.1em; font-weight: 600; }
.caption span { cursor: default; border-radius: .2rem; } .caption span:hover, .caption span:focus { background: #f80; color: #000; outline: none; }
.scores, .file { opacity: .7; font-size: .85em; } ul { padding-left: 1.1rem; font-size: .9em; }
`;

const script = `
const main = document.querySelector('main');
const number = (card, key) => Number(card.dataset[key]);
const orders = {
  worst: (a, b) => number(a, 'cider') - number(b, 'cider'),
  best: (a, b) => number(b, 'cider') - number(a, 'cider'),
  unsure: (a, b) => number(a, 'confidence') - number(b, 'confidence'),
};
document.querySelector('#order').addEventListener('change', (event) =>
  main.append(...[...main.children].sort(orders[event.target.value])));
const show = ({ target }) => {
  const canvas = target.closest?.('article')?.querySelector('canvas');
  if (!canvas) return;
  canvas.classList.toggle('on', 'map' in target.dataset);
  if (!('map' in target.dataset)) return;
  const [columns, cells] = target.dataset.map.split(':');
  canvas.width = Number(columns);
  canvas.height = cells.length / canvas.width;
  const context = canvas.getContext('2d');
  [...cells].forEach((cell, i) => {
    context.fillStyle = 'rgb(255 120 0 / ' + parseInt(cell, 16) / 15 + ')';
    context.fillRect(i % canvas.width, Math.floor(i / canvas.width), 1, 1);
  });
};
main.addEventListener('pointerover', show);
main.addEventListener('focusin', show);
`;
