// Alternative texts in real sites: sites/ are built with the generators' own packages from npm, before
// and after the texts were written, and once with the plugins. Afterwards every image has a text, and
// without the texts the pages are the old ones.
//
//   node scripts/alt-sites/index.mjs [astro|eleventy|vitepress …]      (after pnpm build)
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const core = join(root, 'packages/core');
const cli = join(core, 'dist/cli/main.js');
const cache = join(root, 'node_modules/.cache/alt-sites');
const { parse, serialize } = await import(
  createRequire(join(core, 'package.json')).resolve('parse5')
);

/** Where images are put, what the command line is given, where pages come out, and if it has a plugin. */
const SITES = {
  astro: { images: 'public', sources: 'src', root: 'public', pages: 'dist', plugin: true },
  eleventy: { images: 'src', sources: 'src', root: 'src', pages: 'dist', plugin: true },
  vitepress: {
    images: 'docs/public',
    sources: 'docs',
    root: 'docs/public',
    pages: 'docs/.vitepress/dist',
    plugin: false,
  },
};
const OWN = { zipcaption: 'core', 'rehype-zipcaption': 0, 'remark-zipcaption': 0 };
/** Installing and building one site; a registry that does not answer must not hang a check. */
const TIMEOUT = 420_000;

function run(command, args, cwd, env = {}) {
  execFileSync(command, args, {
    cwd,
    timeout: TIMEOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', ...env },
  });
}

/** The site as it is in sites/, with the packages that it names installed, ours linked. */
function prepare(name, { images }) {
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder)) {
    if (entry !== 'node_modules' && entry !== 'package-lock.json') {
      rmSync(join(folder, entry), { recursive: true });
    }
  }
  cpSync(join(here, 'sites', name), folder, { recursive: true });
  mkdirSync(join(folder, images), { recursive: true });
  for (const photo of ['rocket.jpg', 'coffee.jpg']) {
    cpSync(join(root, 'samples', photo), join(folder, images, photo));
  }
  const wanted = Object.entries(
    JSON.parse(readFileSync(join(folder, 'package.json'))).dependencies,
  );
  const isThere = wanted.every(([dependency, version]) => {
    const manifest = join(folder, 'node_modules', dependency, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest)).version === version;
  });
  if (!isThere) run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  for (const [dependency, place] of Object.entries(OWN)) {
    const link = join(folder, 'node_modules', dependency);
    rmSync(link, { recursive: true, force: true });
    symlinkSync(join(root, 'packages', place || dependency), link);
  }
  return folder;
}

/** The built pages by name: their images' texts, and what they are without texts and built files' names. */
function build(folder, { pages }, env) {
  rmSync(join(folder, pages), { recursive: true, force: true });
  run('npm', ['run', 'build'], folder, env);
  const files = readdirSync(join(folder, pages), { recursive: true })
    .filter((file) => file.endsWith('.html') && !file.endsWith('404.html'))
    .sort();
  return files.map((file) => {
    const page = parse(readFileSync(join(folder, pages, file), 'utf8'));
    const alts = takeAlts(page);
    return { file, alts, rest: serialize(page) };
  });
}

function takeAlts(node) {
  const alts = [];
  for (const child of [...(node.childNodes ?? [])]) {
    // Named by their content, which includes the pages'.
    if (['script', 'link', 'style'].includes(child.nodeName)) {
      node.childNodes.splice(node.childNodes.indexOf(child), 1);
      continue;
    }
    if (child.nodeName === 'img') {
      alts.push(child.attrs.find(({ name }) => name === 'alt')?.value);
      child.attrs = child.attrs.filter(({ name }) => name !== 'alt');
    }
    alts.push(...takeAlts(child));
  }
  return alts;
}

function alt(folder, ...args) {
  const { status, stderr } = spawnSync(process.execPath, [cli, 'alt', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stderr };
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

/** Texts that were there stay; every other image has one now; nothing else is different. */
function compare(before, after, name) {
  const pages = (list) => JSON.stringify(list.map(({ file, rest }) => [file, rest]));
  must(pages(before) === pages(after), `${name}: more than alternative texts is different.`);
  let written = 0;
  for (const [index, page] of before.entries()) {
    for (const [image, was] of page.alts.entries()) {
      const is = after[index].alts[image];
      if (was === is) continue;
      must(!was || ['image', 'photo'].includes(was), `${name}: "${was}" became "${is}".`);
      must(is && is.length > 5, `${name}: ${page.file}: image ${image} has "${is}".`);
      written++;
    }
  }
  return written;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SITES);
for (const name of names) {
  const site = SITES[name];
  const folder = prepare(name, site);
  const args = [site.sources, '--root', site.root];
  const before = build(folder, site);
  must(alt(folder, ...args, '--check').status === 1, `${name}: the check finds nothing.`);
  let filled = '';
  if (site.plugin) {
    const count = compare(before, build(folder, site, { FILL: '1' }), `${name} with the plugin`);
    must(count > 0, `${name}: the plugin wrote nothing.`);
    filled = `, ${count} by the plugin`;
  }
  const { status, stderr } = alt(folder, ...args, '--write', '--min-confidence', '0');
  must(status === 0, `${name}: zipcaption alt --write failed.\n${stderr}`);
  const again = alt(folder, ...args, '--check');
  must(again.status === 0, `${name}: images are left.\n${again.stderr}`);
  const count = compare(before, build(folder, site), name);
  must(count > 0, `${name}: nothing was written.`);
  console.log(`${name}: ${before.length} pages, ${count} texts written in the sources${filled}.`);
}
