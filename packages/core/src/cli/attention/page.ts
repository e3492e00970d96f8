import { resize } from '../../image/resize.js';
import type { Size, WordAttention } from '../../index.js';
import { inferno } from './colormap.js';
import { heatOf } from './heat.js';
import { fitInto } from './layout.js';
import { opacity, UNDERLAY } from './overlay.js';
import type { AttentionDrawing } from './picture.js';
import { encodePng } from './png.js';

/** Largest side of the photo in the page, and of the heat, which is smooth and can be enlarged. */
const PHOTO_SIDE = 960;
const HEAT_SIDE = 144;
/** Small photos are enlarged to this width in CSS pixels, so that the maps are visible. */
const LEAST_STAGE = 640;

/**
 * One page that needs nothing else, no script and no network: the photo, the caption whose words
 * can be pointed at, tapped or walked through with the arrow keys, and the maps side by side. It
 * follows the reader's light or dark setting. The photo is encoded again, without the file's metadata
 * (which may tell where it was taken).
 *
 * @param title of the page: the photo's name
 */
export function attentionPage(title: string, drawing: AttentionDrawing): string {
  const { photo, caption, facts, words } = drawing;
  const size = shrunkTo(photo, PHOTO_SIDE);
  const shown = size.width === photo.width ? photo : resize(photo, size, 'bicubic');
  const heats = words.map((word) => heatImage(word, fitInto(photo, square(HEAT_SIDE))));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="zipcaption">
<title>${escapeHtml(`${caption || 'No caption'} – ${title}`)}</title>
<style>
${stylesheet(size, dataUrl(encodePng({ ...shown, channels: 3 })), heats)}</style>
</head>
<body>
<main>
<div role="radiogroup" aria-label="Word whose map is shown">
<input type="radio" name="word" id="none" checked aria-label="none: the photo alone">
${words.map((word, index) => radio(word.word, index)).join('\n')}
</div>
<div class="stage">
<div class="photo" role="img" aria-label="${escapeHtml(caption)}"></div>
${words.map((_, index) => `<div class="heat h${index}" aria-hidden="true"></div>`).join('\n')}
</div>
<h1>${words.length > 0 ? sentence(caption, words) : escapeHtml(caption)}</h1>
<p class="facts">${escapeHtml(facts)}</p>
${words.length > 0 ? EXPLANATION : ''}
<div class="tiles">
${words.map((word, index) => tile(word.word, index)).join('\n')}
</div>
</main>
</body>
</html>
`;
}

const EXPLANATION = `<p class="hint">Point at a word, tap it, or press the arrow keys to see where the model looked when it said it. <label for="none">Show the photo alone</label></p>
<p class="legend"><span>looked away</span><span class="scale"></span><span>looked here</span></p>`;

function radio(word: string, index: number): string {
  return `<input type="radio" name="word" id="w${index}" aria-label="${escapeHtml(word.trim())}">`;
}

/** The caption with its words as labels of their maps, everything between them as it stands. */
function sentence(caption: string, words: readonly WordAttention[]): string {
  let rest = caption;
  let html = '';
  for (const [index, { word }] of words.entries()) {
    const text = word.trim();
    const at = rest.indexOf(text);
    // Words and caption come from the same tokens; if they should differ, the words are shown.
    if (at < 0) return words.map((each, i) => label(each.word.trim(), i)).join(' ');
    html += escapeHtml(rest.slice(0, at)) + label(text, index);
    rest = rest.slice(at + text.length);
  }
  return html + escapeHtml(rest);
}

function label(word: string, index: number): string {
  return `<label for="w${index}" class="word">${escapeHtml(word)}</label>`;
}

function tile(word: string, index: number): string {
  return `<label for="w${index}" class="tile"><span class="stage small"><span class="photo"></span><span class="heat h${index}"></span></span>${escapeHtml(word.trim())}</label>`;
}

/** The heat as a picture that is laid over the photo: colour and opacity both tell how hot. */
function heatImage(word: WordAttention, size: Size): string {
  const heat = heatOf(word, size);
  const data = new Uint8Array(4 * heat.values.length);
  for (const [pixel, value] of heat.values.entries()) {
    data.set([...inferno(value).map(Math.round), Math.round(255 * opacity(value))], 4 * pixel);
  }
  return dataUrl(encodePng({ ...size, channels: 4, data }));
}

function stylesheet(size: Size, photo: string, heats: readonly string[]): string {
  const scale = Array.from({ length: 17 }, (_, i) => `rgb(${inferno(i / 16).map(Math.round)})`);
  const dim = `grayscale(${1 - UNDERLAY.saturation}) brightness(${UNDERLAY.brightness})`;
  const ids = heats.map((_, index) => index);
  const each = (rule: (index: number) => string) => ids.map(rule).join(',\n');
  // Which map is shown: that of the word that is pointed at, otherwise of the one that is chosen.
  const pointed = 'main:has(:is(.word, .tile):hover)';
  const hovered = each((i) => `  main:has(label[for="w${i}"]:hover) > .stage .h${i}`);
  // An id in `:has` would outweigh the pointer; `:where` weighs nothing.
  const selected = each((i) => `main:where(:has(#w${i}:checked)) > .stage .h${i}`);
  const chosen = each((i) => `main:has(#w${i}:checked) label[for="w${i}"].word`);
  const chosenTile = each((i) => `main:has(#w${i}:checked) label[for="w${i}"] .stage`);
  const focused = each((i) => `main:has(#w${i}:focus-visible) label[for="w${i}"].word`);
  return `:root { --paper: #fafaf7; --ink: #18181e; --faded: #62626b; --line: #d9d9d2; --mark: #ffe3a8; --accent: #a8410b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #131316; --ink: #ececf0; --faded: #a0a0aa; --line: #35353d; --mark: #5a3510; --accent: #ffab5e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: clamp(1rem, 4vw, 3rem) clamp(.75rem, 3vw, 2rem); text-align: center; }
input { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
.stage { position: relative; display: block; margin: 0 auto; aspect-ratio: ${size.width} / ${size.height}; width: min(100%, ${Math.max(size.width, LEAST_STAGE)}px, ${((70 * size.width) / size.height).toFixed(2)}vh); border-radius: 12px; overflow: hidden; }
.photo, .heat { position: absolute; inset: 0; background-size: 100% 100%; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.photo { background-image: url(${photo}); transition: filter .2s; }
main > .stage .heat { opacity: 0; transition: opacity .2s; }
main:not(:has(#none:checked)) > .stage .photo, .small .photo { filter: ${dim}; }
${ids.length > 0 ? `${selected} { opacity: 1; }\n` : ''}@media (hover: hover) {
  ${pointed} > .stage .photo { filter: ${dim}; }
  ${pointed} > .stage .heat { opacity: 0; }
${ids.length > 0 ? `${hovered} { opacity: 1; }\n` : ''}  .word:hover { background: var(--mark); }
}
${heats.map((url, index) => `.h${index} { background-image: url(${url}); }`).join('\n')}
h1 { margin: 1.25rem 0 0; font-size: clamp(1.5rem, 4.5vw, 2.5rem); line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; text-wrap: balance; }
.word { cursor: pointer; border-radius: .3em; padding: .04em .14em; margin: 0 -.1em; }
${ids.length > 0 ? `${chosen} { background: var(--mark); box-shadow: 0 .1em 0 var(--accent); }\n${chosenTile} { outline: 3px solid var(--accent); outline-offset: 2px; }\n${focused} { outline: 3px solid var(--accent); outline-offset: 2px; }\n` : ''}.facts, .hint, .legend { margin: .5rem 0 0; color: var(--faded); font-size: .9rem; }
.hint label { cursor: pointer; color: var(--accent); text-decoration: underline; white-space: nowrap; }
.legend { display: flex; justify-content: center; align-items: center; gap: .75rem; }
.scale { width: 12rem; max-width: 40vw; height: .75rem; border-radius: .4rem; background: linear-gradient(to right, ${scale.join(', ')}); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.tiles { display: flex; flex-wrap: wrap; justify-content: center; gap: 1.25rem 1rem; margin-top: 2rem; }
.tile { flex: 0 0 min(${size.width >= size.height ? 11.5 : 8}rem, 45%); cursor: pointer; font-weight: 550; overflow-wrap: anywhere; }
.small { width: 100%; border-radius: 8px; margin-bottom: .4rem; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
}

function square(side: number): Size {
  return { width: side, height: side };
}

function shrunkTo(photo: Size, side: number): Size {
  if (Math.max(photo.width, photo.height) <= side) {
    return { width: photo.width, height: photo.height };
  }
  return fitInto(photo, square(side));
}

function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
