/** The pages of docs/ as HTML, so that the page leads to them wherever it is hosted. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const source = fileURLToPath(new URL('../../../docs', import.meta.url));
const template = fileURLToPath(new URL('../src/docs.html', import.meta.url));

/** The first page that one reads, and the order of the rest; what is not named here comes after. */
const ORDER = [
  'api',
  'cli',
  'browser',
  'frameworks',
  'deploy',
  'http-api',
  'alt',
  'models',
  'search',
];

/**
 * @param {string} out the folder, which is made
 * @param {{ csp: string, theme: string, styles: string, repository: string }} page its policy, the addresses of the
 *   script that sets the theme, of the style sheet, and of the repository: without one, links to files outside of docs/
 *   become plain text
 */
export async function writeDocs(out, { csp, theme, styles, repository }) {
  await mkdir(out, { recursive: true });
  await cp(join(source, 'images'), join(out, 'images'), { recursive: true });
  const files = (await readdir(source)).filter((name) => name.endsWith('.md'));
  const pages = await Promise.all(
    files.map(async (file) => {
      const markdown = await readFile(join(source, file), 'utf8');
      const name = basename(file, '.md');
      return { name, title: /^# (.*)/m.exec(markdown)?.[1] ?? name, markdown };
    }),
  );
  const place = ({ name }) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  pages.sort((a, b) => place(a) - place(b) || a.title.localeCompare(b.title));
  const frame = await readFile(template, 'utf8');
  const write = (name, title, body) =>
    writeFile(
      join(out, `${name}.html`),
      frame
        .replaceAll('{{csp}}', csp)
        .replaceAll('{{theme}}', theme)
        .replaceAll('{{styles}}', styles)
        .replaceAll('{{title}}', () => plainText(title))
        .replace('{{body}}', () => body),
    );
  for (const { name, title, markdown } of pages) {
    await write(name, title, toHtml(markdown, repository));
  }
  const list = pages.map(({ name, title }) => `- [${title}](${name}.md)`).join('\n');
  await write('index', 'Documentation', toHtml(`# Documentation\n\n${list}\n`, repository));
}

/** @returns {string} */
export function toHtml(markdown, repository) {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  return withTables(withHeadingIds(withLinks(html, repository)));
}

/** A wide table is scrolled by itself, with the keyboard too; a corner without a word is no header. */
function withTables(html) {
  let count = 0;
  return html
    .replaceAll(/<th[^>]*><\/th>/g, '<td></td>')
    .replaceAll(
      /<table>.*?<\/table>/gs,
      (table) =>
        `<div class="table" role="region" aria-label="Table ${++count}" tabindex="0">${table}</div>`,
    );
}

/** Links between the pages lead to pages; those to files of the repository lead there, or nowhere. */
function withLinks(html, repository) {
  return html.replaceAll(/<a href="([^"]*)">(.*?)<\/a>/gs, (link, address, text) => {
    if (/^(?:[a-z]+:|#)/.test(address)) return link;
    const page = /^([\w-]+)\.md(#.*)?$/.exec(address);
    if (page) return `<a href="${page[1]}.html${page[2] ?? ''}">${text}</a>`;
    const path = new URL(address, 'file:///docs/').pathname;
    return repository ? `<a href="${repository}/blob/main${path}">${text}</a>` : text;
  });
}

/** GitHub's: lower case, spaces to hyphens, other punctuation left out, numbered where there are several. */
function withHeadingIds(html) {
  const seen = new Map();
  return html.replaceAll(/<h([1-6])>(.*?)<\/h\1>/gs, (_, level, text) => {
    const slug = plainText(text)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return `<h${level} id="${slug}${count ? `-${count}` : ''}">${text}</h${level}>`;
  });
}

function plainText(text) {
  return text
    .replaceAll(/<[^>]*>|`/g, '')
    .replaceAll(
      /&(?:amp|lt|gt|quot);/g,
      (entity) => ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' })[entity],
    );
}
