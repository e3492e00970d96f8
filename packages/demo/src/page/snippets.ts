import type { CaptionRequest } from '../caption.js';

export interface SnippetSettings extends CaptionRequest {
  /** Address of this page's folder, ending in a slash: `embed.js` lies there. */
  readonly page: string;
  /** Address of a zipcaption API. */
  readonly endpoint: string;
  /** True if that API needs a key. */
  readonly wantsKey: boolean;
}

export interface Snippet {
  readonly id: 'node' | 'browser' | 'embed' | 'http' | 'lambda';
  /** The tab's name. */
  readonly label: string;
  readonly language: 'js' | 'html' | 'sh';
  readonly code: string;
  /** What one has to know besides, in a sentence or two. */
  readonly note: string;
}

/** Code that captions a photo as this page does, for each place where it may run. */
export function snippets(settings: SnippetSettings): readonly Snippet[] {
  return [node(settings), browser(settings), embed(settings), http(settings), lambda(settings)];
}

function node(settings: SnippetSettings): Snippet {
  return {
    id: 'node',
    label: 'Node',
    language: 'js',
    code: `// npm install zipcaption
import { captionImage } from 'zipcaption';

const { text, tags } = await captionImage('photo.jpg', ${options(settings)});
console.log(text, tags);
`,
    note: 'Node 20 or later, as an ES module (a file that ends in .mjs). The model comes along: nothing else is downloaded.',
  };
}

function browser(settings: SnippetSettings): Snippet {
  return {
    id: 'browser',
    label: 'Browser',
    language: 'html',
    code: `<!doctype html>
<!-- npm install zipcaption, and serve this page beside node_modules -->
<script type="importmap">{ "imports": {
  "zipcaption": "./node_modules/zipcaption/dist/index.js",
  "#platform": "./node_modules/zipcaption/dist/browser/platform.js",
  "@huggingface/tokenizers": "./node_modules/@huggingface/tokenizers/dist/tokenizers.min.mjs",
  "@zipcaption/lite": "./node_modules/@zipcaption/lite/index.js"
} }</script>
<input type="file" accept="image/*"><p></p>
<script type="module">
  import { captionImage } from 'zipcaption';
  document.querySelector('input').onchange = async ({ target }) => {
    const { text } = await captionImage(target.files[0], ${options(settings)});
    document.querySelector('p').textContent = text;
  };
</script>
`,
    note: 'With Vite or webpack the last script is enough: they find the packages themselves.',
  };
}

function embed({ numBeams, maxLength, page }: SnippetSettings): Snippet {
  return {
    id: 'embed',
    label: 'HTML tag',
    language: 'html',
    code: `<script type="module" src="${escapeAttribute(page)}embed.js"></script>
<zipcaption-image num-beams="${numBeams}" max-length="${maxLength}">
  <img src="photo.jpg" alt="">
</zipcaption-image>
`,
    note: 'For any page: writes a caption under the image and fills an empty alt text. The model runs in your visitors’ browsers, which download it from here once.',
  };
}

function http({ numBeams, maxLength, endpoint, wantsKey }: SnippetSettings): Snippet {
  const url = captionUrl(endpoint, `beams=${numBeams}&maxLength=${maxLength}`);
  const key = wantsKey ? " -H 'X-Api-Key: YOUR-KEY'" : '';
  return {
    id: 'http',
    label: 'HTTP',
    language: 'sh',
    code: `# A server of your own: npx -p @zipcaption/lambda zipcaption-serve
curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg'${key} \\
  '${url}'
`,
    note: 'Answers JSON with the caption, its confidence and tags; Accept: text/plain brings the sentence alone.',
  };
}

function lambda({ numBeams, maxLength }: SnippetSettings): Snippet {
  return {
    id: 'lambda',
    label: 'Lambda',
    language: 'js',
    code: `// index.mjs, for AWS Lambda behind a Function URL or an API Gateway: npm install @zipcaption/lambda
export { handler } from '@zipcaption/lambda/function';

// Callers set the options:
// curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' \\
//   'https://YOUR-FUNCTION-URL/caption?beams=${numBeams}&maxLength=${maxLength}'
`,
    note: 'Node 20 or later, 512 MB of memory. Everything that the function needs fits into a zip of 13 MB.',
  };
}

function options({ numBeams, maxLength }: CaptionRequest): string {
  return `{ numBeams: ${numBeams}, maxLength: ${maxLength} }`;
}

/** Fit to stand between single quotes in a shell. */
function captionUrl(endpoint: string, query: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : new URL('http://localhost:8080');
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/caption') ? path : `${path}/caption`;
  url.search = query;
  url.hash = '';
  return url.href.replaceAll("'", '%27');
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}
