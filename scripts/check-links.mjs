// Do the links of the Markdown files lead somewhere? Checks paths in the repository and anchors in
// Markdown; addresses of the web are not asked.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  // Pages of sites that get their images when they are built.
  .filter((path) => existsSync(path) && !path.startsWith('scripts/alt-sites/sites/'));

/** Anchors of a Markdown file, as GitHub makes them of its headings. */
const anchorsOf = (path) => {
  const seen = new Map();
  const anchors = new Set();
  let fenced = false;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (/^(```|~~~)/.test(line.trim())) fenced = !fenced;
    const [, heading] = (!fenced && /^#{1,6} +(.*?) *#*$/.exec(line)) || [];
    if (heading === undefined) continue;
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
};

const broken = [];
for (const file of files) {
  const text = readFileSync(file, 'utf8')
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .replace(/`[^`\n]*`/g, '');
  for (const [, target] of text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    const [path, anchor] = decodeURIComponent(target).split('#');
    // The package's documentation is put beside its README when it is packed (prepack.mjs).
    const folder = file === 'packages/core/README.md' ? '.' : dirname(file);
    const found = path ? join(folder, path) : file;
    if (!existsSync(found)) broken.push(`${file}: ${target} (no such file)`);
    else if (
      anchor &&
      statSync(found).isFile() &&
      /\.md$/.test(found) &&
      !anchorsOf(found).has(anchor)
    ) {
      broken.push(`${file}: ${target} (no such heading in ${relative('.', found)})`);
    }
  }
}
for (const each of broken) console.error(each);
console.log(`${files.length} Markdown files, ${broken.length} broken links`);
process.exit(broken.length > 0 ? 1 : 0);
