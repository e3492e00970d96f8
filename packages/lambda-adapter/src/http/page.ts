import { createHash } from 'node:crypto';
import type { Settings } from './settings.js';

const style = `
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 38rem; padding: 2rem 1rem; }
label.drop { display: block; border: 2px dashed GrayText; border-radius: 1rem; padding: 2.5rem 1rem; text-align: center; cursor: pointer; }
label.drop:focus-within, label.drop.over { border-color: LinkText; outline: 2px solid LinkText; outline-offset: 2px; }
input[type=file] { position: absolute; opacity: 0; width: 1px; height: 1px; }
input[type=password] { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
progress { width: 100%; height: .8rem; margin-top: 1.5rem; }
img { display: block; max-width: 100%; max-height: 60vh; margin: 1.5rem auto 0; border-radius: .5rem; }
output { display: block; min-height: 3rem; margin-top: 1rem; font-size: 1.4rem; text-align: center; }
small { display: block; text-align: center; }
[hidden] { display: none; }
`;

// An XMLHttpRequest, since fetch tells nothing of how much of an upload is done.
const script = `
const part = (id) => document.getElementById(id);
const [drop, file, bar, photo, caption, note, key] = ['drop', 'file', 'bar', 'photo', 'caption', 'note', 'key'].map(part);
let current;
function send(blob) {
  if (!blob) return;
  current?.abort();
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(blob);
  photo.hidden = bar.hidden = false;
  caption.textContent = note.textContent = '';
  bar.value = 0;
  const request = (current = new XMLHttpRequest());
  request.open('POST', document.body.dataset.mount + '/caption');
  request.setRequestHeader('Content-Type', blob.type.startsWith('image/') ? blob.type : 'application/octet-stream');
  if (key?.value) request.setRequestHeader('X-Api-Key', key.value);
  request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = 70 * event.loaded / event.total; };
  request.upload.onload = () => bar.removeAttribute('value');
  const fail = (text) => { bar.hidden = true; note.textContent = text; };
  request.onerror = () => fail('The service cannot be reached.');
  request.onload = () => {
    let answer;
    try { answer = JSON.parse(request.responseText); } catch { return fail('The service sent no valid answer (status ' + request.status + ').'); }
    if (request.status !== 200) return fail(answer.detail ?? answer.message ?? answer.Message ?? 'Status ' + request.status);
    bar.hidden = true;
    caption.textContent = answer.caption;
    photo.alt = answer.caption;
    note.textContent = 'Confidence ' + Math.round(100 * answer.confidence) + ' %, ' + Math.round(answer.timings.total) + ' ms';
  };
  request.send(blob);
}
file.onchange = () => send(file.files[0]);
for (const type of ['dragover', 'drop', 'dragleave']) document.addEventListener(type, (event) => {
  event.preventDefault();
  drop.classList.toggle('over', type === 'dragover');
  if (type === 'drop') send(event.dataTransfer.files[0]);
});
document.addEventListener('paste', (event) => send(event.clipboardData.files[0]));
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "connect-src 'self'",
  'img-src blob: data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** One photo up, one sentence back: a page to try the service with. */
export function page(settings: Settings, mount: string): Response {
  const key = settings.apiKeys.length
    ? '<p><label>API key <input type="password" id="key" autocomplete="off"></label></p>'
    : '';
  const limit = `${Math.floor((settings.maxBytes / 2 ** 20) * 10) / 10} MiB`;
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>zipcaption</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<body data-mount="${escapeHtml(mount)}">
<main>
<h1>A photo into a sentence</h1>
${key}<label class="drop" id="drop">Choose a photo, drop it here or paste it (up to ${limit})
<input type="file" id="file" accept="image/*"></label>
<progress id="bar" max="100" value="0" aria-label="Progress" hidden></progress>
<img id="photo" alt="Your photo" hidden>
<output id="caption" aria-live="polite"></output>
<small id="note" role="status"></small>
</main>
<script>${script}</script>
</body>
</html>
`;
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-cache',
    },
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
