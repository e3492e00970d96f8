import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadCaptioner } from '../../src/index.js';
import { sample, tinyModel } from '../package/pack.js';
import { cli, killRunning, run } from './run.js';

/*
 * `zipcaption alt` from the outside, on real photos, with the tests' tiny model: what it says is
 * nonsense, and always the same.
 */

let folder: string;
let rocket: string;
const PAGE = '<h1>Trip</h1>\r\n<img src="/rocket.jpg"><img src=none.jpg><img src=a alt="">';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-cli-alt-'));
  await mkdir(join(folder, 'site/public'), { recursive: true });
  await mkdir(join(folder, 'docs/deep'), { recursive: true });
  await mkdir(join(folder, 'fine'));
  copyFileSync(sample('rocket.jpg'), join(folder, 'site/public/rocket.jpg'));
  copyFileSync(sample('coffee.jpg'), join(folder, 'docs/coffee.jpg'));
  writeFileSync(join(folder, 'fine/index.html'), '<img src=a.jpg alt="A dog">');
  const captioner = await loadCaptioner({ model: tinyModel });
  const { text } = await captioner.caption(sample('rocket.jpg'));
  rocket = text.charAt(0).toUpperCase() + text.slice(1);
  await captioner.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(killRunning);

const read = (name: string) => readFileSync(join(folder, name), 'utf8');
function reset(): void {
  writeFileSync(join(folder, 'site/index.html'), PAGE);
  writeFileSync(join(folder, 'docs/deep/a.md'), '![image](../coffee.jpg)\n');
}
const alt = (...args: readonly string[]) => run(cli(), ['alt', ...args], { cwd: folder });
const tiny = ['--model', tinyModel, '--min-confidence', '0', '--gender'];

describe('zipcaption alt', () => {
  it('lists images without alternative text, with a draft each, and changes nothing', async () => {
    reset();
    const { code, stdout, stderr } = await alt('site', 'docs/**/*.md', ...tiny);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'site/index.html:2:1  /rocket.jpg  no alt',
      expect.stringMatching(new RegExp(`^    ${rocket} \\(\\d+ %\\)$`)),
      'site/index.html:2:24  none.jpg  no alt',
      '    no draft: Its address points to the file none.jpg, which does not exist.',
    ]);
    expect(stdout).toContain('docs/deep/a.md:1:1  ../coffee.jpg  alt is "image"\n');
    expect(stderr).toBe('zipcaption: 3 images without alternative text in 2 files: 2 drafts.\n');
    expect([code, read('site/index.html')]).toEqual([0, PAGE]);
  });

  it('writes drafts that the model is sure of, and nothing the second time', async () => {
    reset();
    const args = ['site', ...tiny, '--write', '--mark', '--suffix', ' (draft)', '--json'];
    const { code, stdout } = await alt(...args);
    expect(JSON.parse(stdout).images.map(({ outcome }: { outcome?: string }) => outcome)).toEqual([
      'written',
      undefined,
    ]);
    const written = PAGE.replace(
      '"/rocket.jpg"',
      `"/rocket.jpg" alt="${rocket} (draft)" data-alt-draft=""`,
    );
    expect([code, read('site/index.html')]).toEqual([0, written]);
    await alt(...args);
    expect(read('site/index.html')).toBe(written);
    reset();
    await alt('site', '--model', tinyModel, '--gender', '--write', '--min-confidence', '1');
    expect(read('site/index.html')).toBe(PAGE);
  });

  it('checks without a model', async () => {
    reset();
    const { code, stdout } = await alt('site', '--check', '--model', 'nowhere', '--format=github');
    expect(stdout).toBe(
      '::error file=site/index.html,line=2,col=1,title=Alternative text::This image has no alternative text.\n' +
        '::error file=site/index.html,line=2,col=24,title=Alternative text::This image has no alternative text.\n',
    );
    expect(code).toBe(1);
    const fine = await alt('fine', '--check');
    expect([fine.code, fine.stdout]).toEqual([0, '']);
    expect(fine.stderr).toBe(
      'zipcaption: every image in 1 file has an alternative text or needs none.\n',
    );
  });

  it('applies what a reviewer made of its JSON', async () => {
    reset();
    const { stdout } = await alt('site', ...tiny, '--json');
    const list = JSON.parse(stdout);
    list.images[0] = { ...list.images[0], alt: 'A "rocket"', decision: 'write' };
    list.images[1].decision = 'decorative';
    writeFileSync(join(folder, 'alt.json'), JSON.stringify(list));
    const applied = await alt('site', '--apply', 'alt.json');
    expect(applied.stdout).toContain('    A "rocket", written\n');
    expect(applied.stderr).toBe('zipcaption: 2 decisions: 2 written.\n');
    expect(read('site/index.html')).toBe(
      PAGE.replace('"/rocket.jpg"', '"/rocket.jpg" alt="A &quot;rocket&quot;"').replace(
        'none.jpg',
        'none.jpg alt=""',
      ),
    );
    expect(applied.code).toBe(0);
    const other = await alt('docs', '--apply', 'alt.json');
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(
      'site/index.html: It is not one of the files named on the command line',
    );
  });

  it('applies decisions on a file whatever way its path is written', async () => {
    reset();
    const { stdout } = await alt('./site/index.html', '--root=site/public', ...tiny, '--json');
    const list = JSON.parse(stdout);
    expect(list.images[0].file).toBe('./site/index.html');
    writeFileSync(join(folder, 'alt.json'), JSON.stringify(list));
    const applied = await alt('site', '--apply', 'alt.json');
    expect([applied.code, applied.stderr]).toEqual([0, 'zipcaption: 1 decision: 1 written.\n']);
    for (const image of list.images) image.decision = 'skip';
    writeFileSync(join(folder, 'alt.json'), JSON.stringify(list));
    const skipped = await alt('site', '--apply', 'alt.json');
    expect([skipped.code, skipped.stderr]).toEqual([0, 'zipcaption: 0 decisions: 0 written.\n']);
  });

  it('takes a glob to mean no installed package, unless it names them', async () => {
    reset();
    await mkdir(join(folder, 'docs/node_modules/p'), { recursive: true });
    writeFileSync(join(folder, 'docs/node_modules/p/README.md'), '![](a.jpg)');
    expect((await alt('docs/**/*.md', '--check')).stdout).not.toContain('node_modules');
    const named = await alt('docs/node_modules/*/*.md', '--check');
    expect(named.stdout).toContain('docs/node_modules/p/README.md:1:1');
  });

  it('writes a report over an earlier one', async () => {
    reset();
    const args = ['site', '--report', 'reports/a.html', ...tiny, '--quiet'];
    expect([(await alt(...args)).code, (await alt(...args)).code]).toEqual([0, 0]);
  });

  it('prints SARIF that says where what is missing', async () => {
    reset();
    const { stdout } = await alt('site', '--check', '--format', 'sarif');
    const { version, runs } = JSON.parse(stdout);
    expect([version, runs[0].results.length]).toEqual(['2.1.0', 2]);
    expect(runs[0].results[1]).toMatchObject({
      ruleId: 'missing-alt',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'site/index.html' },
            region: { startLine: 2, startColumn: 24 },
          },
        },
      ],
    });
  });

  it('goes on from a cache', async () => {
    reset();
    const args = ['site', ...tiny, '--cache', 'captions.jsonl', '--json'];
    const first = await alt(...args);
    expect(read('captions.jsonl').trimEnd().split('\n')).toHaveLength(1);
    expect((await alt(...args)).stdout).toBe(first.stdout);
  });

  it.each([
    [[], 2, /Usage: zipcaption alt/],
    [['site', '--wriet'], 2, /no flag --wriet\. Did you mean --write\?/],
    [['site', '--template', '{x}'], 2, /--template can contain \{caption\}/],
    [['none', 'fine', '--check'], 1, /none: It cannot be read: there is no such file/],
    [['*.html', '--check'], 1, /\*\.html: No HTML.* file matches/],
    [['site', '--report', 'fine/index.html'], 1, /--report: fine\/index\.html already exists/],
    [['site', ...tiny, '--cache', 'docs/coffee.jpg/c'], 1, /^zipcaption: The caption cache /],
    [['site', ...tiny, '--cache', 'docs'], 1, /^zipcaption: The caption cache docs cannot be used/],
    [['site', '--apply', 'none.json'], 1, /--apply: none\.json cannot be read/],
  ])('%j ends with %i and says why', async (args, expected, message) => {
    reset();
    const { code, stderr } = await alt(...args);
    expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
  });

  it('has a help that fits the terminal', async () => {
    const { code, stdout } = await alt('--help');
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
