import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyToText } from '../../src/alt/apply/apply-to-text.js';
import { findInText } from '../../src/alt/find/find.js';
import { needsAlt } from '../../src/alt/find/survey.js';
import type { DocumentKind } from '../../src/alt/types.js';

/* Components, read by the compilers of their own frameworks as a project has them installed. */

const modules = join(import.meta.dirname, '../../node_modules');
let folder: string;

/** A project with `astro` and the compiler that a version of it brings along. */
function astroProject(name: string, compiler: string): string {
  const project = join(folder, name);
  mkdirSync(join(project, 'node_modules/astro'), { recursive: true });
  mkdirSync(join(project, 'node_modules/@astrojs'));
  const manifest = { name: 'astro', dependencies: { [compiler]: '*' } };
  writeFileSync(join(project, 'node_modules/astro/package.json'), JSON.stringify(manifest));
  symlinkSync(join(modules, compiler), join(project, 'node_modules', compiler));
  return project;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-components-'));
  astroProject('astro6', '@astrojs/compiler');
  astroProject('astro7', '@astrojs/compiler-rs');
  mkdirSync(join(folder, 'project/node_modules'), { recursive: true });
  for (const name of ['vue', 'svelte']) {
    symlinkSync(join(modules, name), join(folder, 'project/node_modules', name));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function filled(kind: DocumentKind, project: string, text: string, alt = 'A dog') {
  const source = { text, kind, path: join(folder, project, `page.${kind}`) };
  const uses = await findInText(source);
  const writes = uses.filter(needsAlt).map((use) => ({ use, alt }));
  const result = await applyToText(source, writes);
  expect(result.refused).toEqual([]);
  return { uses: uses.map(({ status, src }) => `${status} ${src}`), text: result.text };
}

describe.each([
  // The older compiler does not say where an expression ends, so that the text goes before it.
  ['astro6', '<img alt="A dog" src={title}>'],
  ['astro7', '<img src={title} alt="A dog">'],
])('a component of Astro, in a project with %s', (project, beside) => {
  const page = [
    '---',
    "const title: string = 'größer 😀';",
    '---',
    '<p>größer 😀 <img src="/a.jpg"></p>',
    "{title ? <img src='/b.jpg' alt='image'/> : <b>no</b>}",
    '<img',
    '  class:list={[title]}',
    '  alt = "photo"',
    '  src="c.jpg"',
    '/>',
    '<img src="d.jpg" {...title} /><img src="e.jpg" alt={title} /><img src="f.jpg" alt="" />',
    '<div aria-hidden="true"><img src="g.jpg"></div><img src={title}>',
  ].join('\n');

  test('gets texts where it has none', async () => {
    const { uses, text } = await filled('astro', project, page);
    expect(uses).toEqual([
      ...['missing /a.jpg', 'placeholder /b.jpg', 'placeholder c.jpg', 'dynamic d.jpg'],
      ...['dynamic e.jpg', 'empty f.jpg', 'hidden g.jpg', 'missing null'],
    ]);
    expect(text).toBe(
      page
        .replace('"/a.jpg"', '"/a.jpg" alt="A dog"')
        .replace("alt='image'", "alt='A dog'")
        .replace('alt = "photo"', 'alt="A dog"')
        .replace('<img src={title}>', beside),
    );
  });
});

test('Astro 7: imported images are followed, odd texts are expressions', async () => {
  const before = "---\nimport hero from './hero.jpg';\n---\n<Image src={hero} />";
  const { uses, text } = await filled('astro', 'astro7', before, 'A "dog" & {x}');
  expect(uses).toEqual(['missing ./hero.jpg']);
  expect(text).toBe(before.replace('{hero}', '{hero} alt={"A \\"dog\\" & {x}"}'));
});

test('a component of Vue gets texts where it has none', async () => {
  const before = [
    "<script setup lang=\"ts\">import hero from './hero.jpg'; const x: string = ''</script>",
    '<template>\r\n  <h1>größer 😀</h1>',
    '  <img src="a.jpg"><img src="b.jpg" :alt="x"><img v-bind="x" src="c.jpg">',
    '  <NuxtImg :src="hero" /><img v-if="x > 1" src=\'d.jpg\' alt=\'photo\'>',
    '  <p aria-hidden="true"><img src="e.jpg"></p><img src="f.jpg" alt>',
    '</template>',
    '<style>img { color: red }</style>',
  ].join('\n');
  const { uses, text } = await filled('vue', 'project', before, 'A "dog" {{ x }}');
  expect(uses).toEqual([
    ...['missing a.jpg', 'dynamic b.jpg', 'dynamic c.jpg', 'missing ./hero.jpg'],
    ...['placeholder d.jpg', 'hidden e.jpg', 'empty f.jpg'],
  ]);
  const alt = 'A &quot;dog&quot; &#123;&#123; x &#125;&#125;';
  expect(text).toBe(
    before
      .replace('src="a.jpg"', `src="a.jpg" alt="${alt}"`)
      .replace(':src="hero"', `:src="hero" alt="${alt}"`)
      .replace("alt='photo'", 'alt=\'A "dog" &#123;&#123; x &#125;&#125;\''),
  );
});

test('a component of Svelte gets texts where it has none', async () => {
  const before = [
    '<script lang="ts">import hero from \'./hero.jpg\'; let x: number = 1;</script>',
    '<h1>größer 😀</h1>',
    '{#if x > 1}<img src="a.jpg">{:else}<img src="b.jpg" alt={x}>{/if}',
    '{#each [1] as y}<img {...x} src="c.jpg"><enhanced:img src={hero} />{/each}',
    '<img src=\'d.jpg\' alt=\'photo\'/><img src="e{x}.jpg" /><img alt="" src="f.jpg" />',
  ].join('\r\n');
  const { uses, text } = await filled('svelte', 'project', before, 'A {dog}');
  expect(uses).toEqual([
    ...['missing a.jpg', 'dynamic b.jpg', 'dynamic c.jpg', 'missing ./hero.jpg'],
    ...['placeholder d.jpg', 'missing null', 'empty f.jpg'],
  ]);
  expect(text).toBe(
    before
      .replace('"a.jpg"', '"a.jpg" alt="A &#123;dog&#125;"')
      .replace('{hero}', '{hero} alt="A &#123;dog&#125;"')
      .replace("'photo'", "'A &#123;dog&#125;'")
      .replace('"e{x}.jpg"', '"e{x}.jpg" alt="A &#123;dog&#125;"'),
  );
});

test.each([
  ['vue', '<template><img src="a.jpg"></template', 'INVALID_INPUT'],
  ['svelte', '{#if x}<img src="a.jpg">', 'INVALID_INPUT'],
] as const)('a %s file with a wrong syntax is told: %s', async (kind, text, code) => {
  await expect(filled(kind, 'project', text)).rejects.toMatchObject({ code });
});

test('without the packages of its project a file is told', async () => {
  await expect(filled('astro', 'elsewhere', '<img>')).rejects.toMatchObject({
    code: 'PARSER_NOT_FOUND',
    message: expect.stringContaining('the compiler of astro, which is not installed'),
  });
});
