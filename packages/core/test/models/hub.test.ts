import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { Lock } from '../../src/cli/lock.js';
import { models } from '../../src/cli/models/models.js';
import { cacheFolders, findPulled, listPulled, writableCache } from '../../src/node/hub/cache.js';
import { describeHubFile, type HubFile, hubAccess } from '../../src/node/hub/client.js';
import { downloadFile } from '../../src/node/hub/download.js';
import { parseHubId } from '../../src/node/hub/hub-id.js';
import { type PullRequest, pullModel } from '../../src/node/hub/pull.js';
import { startHub, type TestHub } from './hub-server.js';
import { photo } from './photos.js';
import { fixture } from './recordings.js';

const ID = 'someone/swin-bert';
const id = parseHubId(ID);
if (!id) throw new Error('the name is sound');

/** What lies in a repository beside what is needed, too. */
function repository(family = 'swin-bert'): Record<string, Uint8Array> {
  const names = readdirSync(fixture(family), { recursive: true, encoding: 'utf8' });
  const files = names.filter(
    (name) => /\.(json|jinja|onnx)$/.test(name) && !/expected|-js/.test(name),
  );
  return {
    'README.md': new TextEncoder().encode('---\nlicense: apache-2.0\ntags:\n- x\n---\n# A model\n'),
    'pytorch_model.bin': new Uint8Array(1000),
    'onnx/encoder_model_quantized.onnx': new Uint8Array(1000),
    'merges.txt': new Uint8Array(10),
    ...Object.fromEntries(files.map((n) => [n, new Uint8Array(readFileSync(fixture(family) + n))])),
  };
}

let hub: TestHub;
let cache: string;
const env = () => ({ ZIPCAPTION_CACHE: cache });
const access = (token?: string) =>
  hubAccess({ HF_ENDPOINT: hub.endpoint, ...(token && { HF_TOKEN: token }) });
const pull = (request: PullRequest = {}, token?: string) =>
  pullModel(access(token), id, { env: env(), ...request });

/** Calls `act` once so many bytes of a network are on disk. */
const onceStored =
  (bytes: number, act: () => void): NonNullable<PullRequest['onProgress']> =>
  ({ file, loaded }) => {
    if (file.startsWith('onnx/') && loaded >= bytes) act();
  };

/** A network as the hub describes it. */
async function networkOnHub(): Promise<[string, HubFile]> {
  const file = 'onnx/encoder_model.onnx';
  const described = id && (await describeHubFile(access(), id, file));
  if (!described) throw new Error('the hub has it');
  return [file, described];
}

beforeEach(async () => {
  hub = await startHub(ID, repository());
  cache = mkdtempSync(join(tmpdir(), 'zipcaption-hub-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await hub.close();
  rmSync(cache, { recursive: true, force: true });
});

describe('a manifest of a Hugging Face folder', () => {
  test.each(['smolvlm', 'florence2', 'lfm2-vl', 'beit-trocr'])(
    'makes it one of our format: %s',
    async (family) => {
      const folder = join(cache, family);
      cpSync(fixture(family), folder, { recursive: true });
      const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      expect(await models(['manifest', folder])).toBe(0);
      expect(said).toHaveBeenCalledWith(`${join(folder, 'manifest.json')}\n`);
      const caption = async (model: string) => {
        const captioner = await loadCaptioner({ model });
        const { text, score } = await captioner.caption(photo(1), { maxLength: 9 });
        const digests = Object.keys(captioner.model.sha256);
        await captioner.dispose();
        return { caption: { text, score }, digests };
      };
      const [made, original] = [await caption(folder), await caption(fixture(family))];
      expect(made.caption).toEqual(original.caption);
      expect(made.digests).toContain('tokenizer.json');
      await expect(models(['manifest', folder])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    },
  );
});

test('a manifest that cannot be written is an error with a code', async () => {
  const folder = join(cache, 'swin-bert');
  cpSync(fixture('swin-bert'), folder, { recursive: true });
  mkdirSync(join(folder, 'manifest.json'));
  await expect(models(['manifest', folder])).rejects.toMatchObject({
    code: 'WRITE_FAILED',
    message: expect.stringContaining('it is a folder'),
  });
});

test.skipIf(!existsSync('/dev/null'))('a device in the place of a file is none', async () => {
  const folder = join(cache, 'swin-bert');
  cpSync(fixture('swin-bert'), folder, { recursive: true });
  rmSync(join(folder, 'tokenizer.json'));
  symlinkSync('/dev/null', join(folder, 'tokenizer.json'));
  await expect(loadCaptioner({ model: folder })).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    message: expect.stringContaining('tokenizer.json of the model in'),
  });
});

describe('pulling a model', () => {
  test('brings the files that a captioner needs, and no others', async () => {
    const { folder, record } = await pull();
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((n) =>
      n.includes('.'),
    );
    expect(files.sort()).toEqual([
      'README.md',
      'config.json',
      'generation_config.json',
      'onnx/decoder_model.onnx',
      'onnx/encoder_model.onnx',
      'preprocessor_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'zipcaption-pull.json',
    ]);
    expect(record).toMatchObject({ id: ID, dtype: 'fp32', commit: expect.stringMatching(/^0123/) });
    for (const [name, bytes] of Object.entries(repository())) {
      if (files.includes(name))
        expect(new Uint8Array(readFileSync(join(folder, name)))).toEqual(bytes);
    }
  });

  const asked = ['florence2', 'smolvlm', 'lfm2-vl'];
  test.each(asked)('brings all that %s needs to be asked', async (family) => {
    await hub.close();
    hub = await startHub(ID, repository(family));
    const { folder } = await pull({ dtype: 'q8' });
    const captioner = await loadCaptioner({ model: folder, dtype: 'q8' });
    const { text } = await captioner.caption(photo(0), { prompt: 'detailed', maxLength: 6 });
    await captioner.dispose();
    const original = await loadCaptioner({ model: fixture(family), dtype: 'q8' });
    const expected = await original.caption(photo(0), { prompt: 'detailed', maxLength: 6 });
    await original.dispose();
    expect(text).toBe(expected.text);
    expect(readdirSync(join(folder, 'onnx')).every((name) => name.includes('_quantized'))).toBe(
      true,
    );
  });

  test('tells how far it is', async () => {
    const seen: Record<string, { loaded: number; total: number }> = {};
    await pull({ onProgress: ({ file, ...progress }) => (seen[file] = progress) });
    const size = repository()['onnx/encoder_model.onnx']?.length;
    expect(seen['onnx/encoder_model.onnx']).toEqual({ loaded: size, total: size });
  });

  test('a second time downloads nothing, and mends what was damaged since', async () => {
    const { folder } = await pull();
    expect((await pull()).downloaded).toBe(0);
    writeFileSync(join(folder, 'tokenizer.json'), 'x');
    const { downloaded } = await pull();
    expect(downloaded).toBe(repository()['tokenizer.json']?.length);
  });

  test('goes on where a broken connection left it', async () => {
    hub.faults.stallAfter = 50_000;
    await pull({ onProgress: onceStored(50_000, () => hub.breakConnection()) });
    expect(hub.requests).toContain('GET storage bytes=50000-');
  });

  test('goes on where a stopped run left it', async () => {
    const controller = new AbortController();
    hub.faults.stallAfter = 50_000;
    const onProgress = onceStored(50_000, () => controller.abort());
    await expect(pull({ onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await findPulled(id, env())).toBeUndefined();
    await pull();
    expect(hub.requests).toContain('GET storage bytes=50000-');
  });

  test('starts a file again where the server knows no ranges', async () => {
    Object.assign(hub.faults, { stallAfter: 50_000, ignoreRanges: true });
    const { folder } = await pull({
      onProgress: onceStored(50_000, () => hub.breakConnection()),
    });
    expect(new Uint8Array(readFileSync(join(folder, 'onnx/encoder_model.onnx')))).toEqual(
      repository()['onnx/encoder_model.onnx'],
    );
  });

  test('refuses bytes that are not those the hub promised, and keeps none of them', async () => {
    hub.faults.corrupt = true;
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringContaining('arrived damaged'),
    });
    expect(await findPulled(id, env())).toBeUndefined();
  });

  test('does not go on for ever where more comes than the hub promised', async () => {
    const [file, described] = await networkOnHub();
    hub.faults.longer = true;
    await expect(downloadFile(access(), id, file, described, cache, {})).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringContaining('longer than'),
    });
  });

  test('takes a connection that has become silent for a broken one', async () => {
    const [file, described] = await networkOnHub();
    hub.faults.stallAfter = 50_000;
    await downloadFile({ ...access(), silenceMs: 2000 }, id, file, described, cache, {});
    expect(hub.requests).toContain('GET storage bytes=50000-');
    expect(readFileSync(join(cache, file)).length).toBe(described.bytes);
  });

  test('asks a busy hub again, but not for ever', async () => {
    hub.faults.busy = 3;
    await pull();
    hub.faults.busy = 100;
    await expect(pull()).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('answered 503'),
    });
    expect(hub.faults.busy).toBe(95);
  });

  test('asks for a new link where the storage refuses one', async () => {
    hub.faults.expired = 2;
    const { folder } = await pull();
    expect(readFileSync(join(folder, 'onnx/encoder_model.onnx')).length).toBeGreaterThan(0);
    const [file, described] = await networkOnHub();
    hub.faults.expired = 100;
    rmSync(folder, { recursive: true });
    await expect(downloadFile(access(), id, file, described, cache, {})).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringMatching(/where 127\.0\.0\.1:\d+ keeps onnx.*answered 403/),
    });
  });

  test('of a family that cannot be run is refused before anything is downloaded', async () => {
    await hub.close();
    const config = new TextEncoder().encode('{"model_type":"blip"}');
    hub = await startHub(ID, { ...repository(), 'config.json': config });
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(/BLIP has no public ONNX export.*vision-encoder-decoder/),
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  test.skipIf(!existsSync('/dev/full'))('says so where the disk is full', async () => {
    const [file, described] = await networkOnHub();
    mkdirSync(join(cache, 'onnx'));
    symlinkSync('/dev/full', join(cache, `${file}.${described.etag?.slice(0, 16)}.part`));
    await expect(downloadFile(access(), id, file, described, cache, {})).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('no space is left on the disk'),
    });
  });

  test('shows the token to the hub, never to the storage it redirects to', async () => {
    hub.faults.token = 'hf_secret';
    await pull({}, 'hf_secret');
    expect(hub.storageHeaders.length).toBeGreaterThan(0);
    for (const headers of hub.storageHeaders) expect(headers.authorization).toBeUndefined();
  });

  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'without the token',
      () => {
        hub.faults.token = 'x';
        return pull();
      },
      'MODEL_NOT_FOUND',
      /set HF_TOKEN/,
    ],
    [
      'with a wrong token',
      () => {
        hub.faults.token = 'x';
        return pull({}, 'y');
      },
      'MODEL_NOT_FOUND',
      /may not read/,
    ],
    [
      'of another name',
      () => pullModel(access(), { owner: 'no', name: 'body', revision: 'main' }, { env: env() }),
      'MODEL_NOT_FOUND',
      /no public model no\/body/,
    ],
    [
      'of another revision',
      () => pullModel(access(), { ...id, revision: 'v9' }, { env: env() }),
      'MODEL_NOT_FOUND',
      /revision "v9"/,
    ],
    [
      'through a page that wants a login',
      () => {
        hub.faults.page = true;
        return pull();
      },
      'NETWORK_FAILED',
      /web page instead of config\.json/,
    ],
    ['in a format it has not', () => pull({ dtype: 'q4' }), 'MODEL_NOT_FOUND', /there are: fp32/],
    [
      'from nowhere',
      () => pullModel(hubAccess({ HF_ENDPOINT: 'http://127.0.0.1:1' }), id, { env: env() }),
      'NETWORK_FAILED',
      /127\.0\.0\.1:1/,
    ],
  ])('%s fails with what to do', async (_, run, code, message) => {
    await expect(run()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('says so when the address of the hub or the time to wait for it is none', () => {
    expect(() => hubAccess({ HF_ENDPOINT: 'not an address' })).toThrow(/HF_ENDPOINT/);
    expect(() => hubAccess({ HF_HUB_DOWNLOAD_TIMEOUT: 'soon' })).toThrow(/HF_HUB_DOWNLOAD_TIMEOUT/);
    expect(hubAccess({ HF_HUB_DOWNLOAD_TIMEOUT: '10' }).silenceMs).toBe(10_000);
  });
});

describe('a pulled model', () => {
  test('is found by its name', async () => {
    vi.stubEnv('ZIPCAPTION_CACHE', cache);
    await expect(loadCaptioner({ model: ID })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining(`zipcaption models pull ${ID}`),
    });
    await pull();
    const captioner = await loadCaptioner({ model: ID });
    expect((await captioner.caption(photo(0))).text).not.toBe('');
    await captioner.dispose();
  });
});

describe('the cache', () => {
  const home = (path: string) => ({ XDG_CACHE_HOME: path });

  test('is where the XDG specification says', () => {
    expect(cacheFolders(home('/somewhere'))[0]).toBe('/somewhere/zipcaption/models');
    expect(cacheFolders(home('relative'))[0]).not.toContain('relative');
    expect(cacheFolders({ ZIPCAPTION_CACHE: '/mine' })).toEqual(['/mine']);
  });

  test('falls back to the folder for temporary files where nothing can be written', async () => {
    const file = join(cache, 'no-folder');
    writeFileSync(file, '');
    const found = await writableCache(home(file));
    expect(found?.startsWith(tmpdir())).toBe(true);
  });

  test.skipIf(process.getuid?.() === 0)('falls back from a folder that is read-only', async () => {
    const readOnly = join(cache, 'read-only');
    mkdirSync(readOnly);
    chmodSync(readOnly, 0o500);
    expect((await writableCache(home(readOnly)))?.startsWith(tmpdir())).toBe(true);
  });

  test('counts no model whose files are not all there', async () => {
    const { folder } = await pull();
    rmSync(join(folder, 'zipcaption-pull.json'));
    expect(await listPulled(env())).toEqual([]);
  });
});

describe('names on the hub', () => {
  test.each(['Xenova/vit-gpt2-image-captioning', 'a/b@main', 'a/b@refs/pr/3'])(
    '%s is one',
    (text) => {
      expect(parseHubId(text)).toBeDefined();
    },
  );
  test.each(['one', '../b', 'a/..', './a/b', 'a/b/c', 'a/b@../x', '/a/b', 'a b/c', 'a/b@'])(
    '%s is none',
    (text) => {
      expect(parseHubId(text)).toBeUndefined();
    },
  );
});

describe('zipcaption models', () => {
  /** What the last run wrote to stderr. */
  let said = '';
  async function run(...argv: string[]): Promise<{ code: number; out: string }> {
    let out = '';
    said = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text;
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
    vi.stubEnv('ZIPCAPTION_CACHE', cache).stubEnv('HF_ENDPOINT', hub.endpoint);
    const code = await models(argv).finally(() => vi.restoreAllMocks());
    return { code, out };
  }

  test('pull, list, info and check work together', async () => {
    const pulled = await run('pull', ID);
    expect(existsSync(join(pulled.out.trim(), 'onnx/decoder_model.onnx'))).toBe(true);
    expect((await run('list')).out).toMatch(/^someone\/swin-bert {2}fp32 {2}\d+ kB {2}/);
    const { out, code } = await run('info', ID);
    expect(code).toBe(0);
    expect(out).toMatch(/licence +apache-2\.0/);
    expect(out).toMatch(/architecture +swin encoder, bert decoder/);
    const check = await run('check', ID);
    expect(check.out).toContain('The model works.');
    expect(check.code).toBe(0);
  });

  test('pull waits for another process that downloads the same model', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    const folder = join(cache, 'someone--swin-bert');
    const lock = await Lock.take(folder, {
      signal: new AbortController().signal,
      onWait: async () => undefined,
    });
    // As the other process would have written it.
    const own = JSON.parse(readFileSync(`${folder}.lock`, 'utf8'));
    lock.release();
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    const started = `${own.started.split(' ')[0]} ${stat.split(' ')[19]}`;
    writeFileSync(`${folder}.lock`, JSON.stringify({ ...own, pid: other.pid, started }));
    const pulling = run('pull', ID);
    await vi.waitFor(() => expect(said).toContain('waiting for it'), { timeout: 60_000 });
    expect(hub.requests).toEqual([]);
    other.kill('SIGKILL');
    expect((await pulling).code).toBe(0);
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  const families = ['florence2', 'smolvlm', 'llava-qwen2', 'llava-onevision', 'lfm2-vl'];
  test.each(families)('check tells a sound %s from damaged ones', async (family) => {
    const folder = join(cache, family);
    cpSync(fixture(family), folder, { recursive: true });
    const whole = await run('check', folder);
    expect(whole.out).toContain('The model works.');
    expect(whole.code).toBe(0);
    const embeddings = join(folder, 'onnx/embed_tokens.onnx');
    writeFileSync(embeddings, readFileSync(embeddings).subarray(0, 9000));
    expect((await run('check', folder, '--dtype', 'fp32')).out).toMatch(
      /FAILED \(MODEL_INVALID\): .*embed_tokens\.onnx/,
    );
    rmSync(join(folder, 'onnx/vision_encoder.onnx'));
    const halved = await run('check', folder, '--dtype', 'fp32');
    expect(halved.out).toMatch(/FAILED \(MODEL_NOT_FOUND\): .*missing: vision_encoder\.onnx/);
    expect(halved.code).toBe(1);
    // The other number format is complete.
    expect((await run('check', folder)).code).toBe(0);
  });

  test.each([
    ['lfm2-vl', 'patches of 4 pixels, tiles of 16×16, bilinear'],
    ['smolvlm', '16×16, tiles of a photo of 64, lanczos'],
    ['florence2', '32×32, stretch, bicubic'],
  ])('info tells what %s sees of a photo', async (family, seen) => {
    expect((await run('info', fixture(family))).out).toContain(seen);
  });

  test('info tells what is missing', async () => {
    const pulled = await run('pull', ID);
    rmSync(join(pulled.out.trim(), 'tokenizer.json'));
    const { out, code } = await run('info', ID);
    expect(out).toMatch(/MISSING +tokenizer\.json/);
    expect(code).toBe(1);
  });

  test('check tells what is wrong', async () => {
    const folder = (await run('pull', ID)).out.trim();
    writeFileSync(join(folder, 'onnx/decoder_model.onnx'), 'not a network');
    const { out, code } = await run('check', folder);
    expect(out).toContain('FAILED (MODEL_INVALID)');
    expect(code).toBe(1);
  });

  test('info knows folders of our own format', async () => {
    const { out } = await run('info', fixture('../../fixtures/tiny-model'), '--json');
    expect(JSON.parse(out)).toMatchObject({ format: 'zipcaption', missing: [] });
  });

  test.each([
    [[]],
    [['fly']],
    [['pull']],
    [['list', 'x']],
    [['pull', 'x']],
    [['pull', ID, '--dtype', 'q3']],
    [['info', ID, '--fast']],
  ])('%j is wrong usage', async (argv) => {
    await expect(run(...argv)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
