import { execFile, execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Captioner, type CaptionOptions, loadCaptioner } from 'zipcaption';
import { serveStatic } from '../../core/test/browser/static-server.js';
import { createApp, type NodeServer, startServer } from '../../lambda-adapter/src/index.js';
import { launch, outcome, samplePath, takeSample, type Visit, visit } from './visit.js';

const run = promisify(execFile);
const workspace = join(import.meta.dirname, '../../..');
/** What the visitor sets, and what code that does the same must therefore answer. */
const OPTIONS: CaptionOptions = { numBeams: 2, maxLength: 9 };

let browser: Browser;
let node: Captioner;
let visitor: Visit;
/** By the model of the page, and by the one that comes with the package. */
let expected: string;
let expectedOfPackage: string;
/** A project that has installed the packages. */
let project: string;

beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), loadCaptioner({ model: inject('model') })]);
  expected = (await node.caption(samplePath('coffee.jpg'), OPTIONS)).text;
  const embedded = await loadCaptioner({ model: join(workspace, 'models/lite') });
  expectedOfPackage = (await embedded.caption(samplePath('coffee.jpg'), OPTIONS)).text;
  await embedded.dispose();
  project = await mkdtemp(join(tmpdir(), 'zipcaption-code-'));
  await mkdir(join(project, 'node_modules/@zipcaption'), { recursive: true });
  const install = (folder: string, name: string) =>
    symlink(join(workspace, folder), join(project, 'node_modules', name));
  await install('packages/core', 'zipcaption');
  await install('packages/lambda-adapter', '@zipcaption/lambda');
  await copyFile(samplePath('coffee.jpg'), join(project, 'photo.jpg'));
  visitor = await visit(browser, {
    headers: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const { page } = visitor;
  await takeSample(page, 'coffee.jpg');
  await outcome(page);
  await set(page, '#num-beams', OPTIONS.numBeams);
  await set(page, '#max-length', OPTIONS.maxLength);
});
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]();
  await browser?.close();
  await node?.dispose();
  if (project) await rm(project, { recursive: true });
});

async function set(page: Page, selector: string, value: number | undefined): Promise<void> {
  await page.locator(selector).fill(String(value));
  await page.locator(selector).dispatchEvent('change');
}

/** Chooses a tab and copies its code, as a visitor does. */
async function copied({ page }: Visit, tab: string): Promise<string> {
  await page.getByRole('tab', { name: tab }).click();
  await page.click('#copy-code');
  await expect.poll(() => page.textContent('#copy-code')).toBe('Copied');
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toBe(await page.textContent('#code-text'));
  await expect.poll(() => page.textContent('#copy-code'), { timeout: 9000 }).toBe('Copy code');
  return text;
}

test('the tabs are worked with arrow keys, and the chosen one is remembered', async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  await page.focus('#code-tab-node');
  await page.keyboard.press('ArrowLeft');
  const selected = () => page.textContent('[role="tab"][aria-selected="true"]');
  expect(await selected()).toBe('Lambda');
  await page.keyboard.press('ArrowRight');
  expect(await selected()).toBe('Node');
  await page.keyboard.press('End');
  await page.reload();
  expect(await selected()).toBe('Lambda');
  expect(await page.textContent('#code-text')).toContain('@zipcaption/lambda/function');
});

describe('code that was copied does what the page does', () => {
  test('in Node', async () => {
    await writeFile(join(project, 'caption.mjs'), await copied(visitor, 'Node'));
    const { stdout } = await run(process.execPath, ['caption.mjs'], { cwd: project });
    expect(stdout).toMatch(new RegExp(`^${expectedOfPackage} `));
    expect(stdout).toContain('probability:');
  });

  test('in a page without a bundler', async () => {
    const core = join(workspace, 'packages/core');
    const server = await serveStatic(
      { '/': await copied(visitor, 'Browser') },
      {
        '/node_modules/zipcaption/': core,
        '/node_modules/@zipcaption/lite/': join(workspace, 'models/lite'),
        '/node_modules/@huggingface/tokenizers/': join(
          core,
          'node_modules/@huggingface/tokenizers',
        ),
      },
    );
    const page = await browser.newPage();
    try {
      await page.goto(server.address);
      await page.setInputFiles('input', samplePath('coffee.jpg'));
      await expect.poll(() => page.textContent('p'), { timeout: 240_000 }).not.toBe('');
      expect(await page.textContent('p')).toBe(expectedOfPackage);
    } finally {
      await page.close();
      server.close();
    }
  });

  test('against an API, with its address and key', async () => {
    const key = 'a key of sixteen letters or more';
    const settings = { corsOrigins: ['*'], apiKeys: [key] };
    const app = createApp({ engine: async () => node, settings });
    const api: NodeServer = await startServer(app, { port: 0 });
    await using visitor = await visit(browser, {
      path: 'api.html',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    try {
      const { page } = visitor;
      await page.fill('#endpoint', api.url);
      await page.fill('#api-key', key);
      await page.setInputFiles('#files', samplePath('coffee.jpg'));
      await outcome(page);
      await set(page, '#num-beams', OPTIONS.numBeams);
      await set(page, '#max-length', OPTIONS.maxLength);
      const script = await copied(visitor, 'HTTP');
      expect(script).not.toContain(key);
      const { stdout } = await run('bash', ['-c', script.replace('YOUR-KEY', key)], {
        cwd: project,
      });
      expect(JSON.parse(stdout)).toMatchObject({ caption: expected });
    } finally {
      await api.close();
    }
  });

  test('as a Lambda function', async () => {
    const tsc = join(workspace, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['--build', 'packages/lambda-adapter'], { cwd: workspace });
    const code = await copied(visitor, 'Lambda');
    await writeFile(join(project, 'index.mjs'), code);
    const query = /caption\?(\S+)'/.exec(code)?.[1];
    const type = /Content-Type: ([^']+)'/.exec(code)?.[1];
    const event = {
      version: '2.0',
      rawPath: '/caption',
      rawQueryString: query,
      headers: { 'content-type': type },
      requestContext: { http: { method: 'POST', path: '/caption' } },
      body: (await readFile(samplePath('coffee.jpg'))).toString('base64'),
      isBase64Encoded: true,
    };
    // In a process of its own: the module reads the environment and holds a model.
    await writeFile(join(project, 'event.json'), JSON.stringify(event));
    const call = `
      const { handler } = await import(${JSON.stringify(pathToFileURL(join(project, 'index.mjs')))});
      const event = JSON.parse((await import('node:fs')).readFileSync('event.json', 'utf8'));
      const answer = await handler(event, { getRemainingTimeInMillis: () => 300_000 });
      process.stdout.write('\\n' + answer.body);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', call], {
      cwd: project,
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !name.startsWith('ZIPCAPTION_')),
      ),
    });
    const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(answer).toMatchObject({ caption: expectedOfPackage });
  });
});

test('<zipcaption-image>, pasted into an empty page of another origin, captions its image', async () => {
  const body = await copied(visitor, 'HTML tag');
  const photo = await readFile(samplePath('coffee.jpg'));
  const stranger = createServer((request, response) => {
    const isPhoto = request.url === '/photo.jpg';
    response.writeHead(200, { 'content-type': isPhoto ? 'image/jpeg' : 'text/html' });
    response.end(isPhoto ? photo : `<!doctype html><title>empty</title>${body}`);
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  try {
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    await page.waitForSelector('zipcaption-image:is([state=done], [state=failed])', {
      timeout: 240_000,
    });
    expect(await page.getAttribute('zipcaption-image > img', 'alt')).toBe(expected);
    expect(await page.textContent('zipcaption-image [part="caption"]')).toBe(expected);
    expect(await page.isVisible('zipcaption-image > img')).toBe(true);
    expect(errors).toEqual([]);
  } finally {
    await page.close();
    stranger.close();
  }
});
