import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultSettings, LAMBDA_MAX_BYTES, readSettings } from './settings.js';

describe('readSettings', () => {
  it('has defaults for a server', () => {
    expect(readSettings({})).toEqual(defaultSettings);
  });

  it('knows Lambda, its payload limit and how much memory there is', () => {
    const lambda = (memory: string) =>
      readSettings({ AWS_LAMBDA_FUNCTION_NAME: 'f', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory });
    expect(lambda('512')).toMatchObject({
      onLambda: true,
      maxBytes: LAMBDA_MAX_BYTES,
      maxPixels: 33_554_432,
    });
    expect(lambda('10240').maxPixels).toBe(100_000_000);
  });

  it('reads every variable', () => {
    expect(
      readSettings({
        ZIPCAPTION_MAX_BYTES: '1000',
        ZIPCAPTION_CORS_ORIGINS: 'https://a.example, http://localhost:3000',
        ZIPCAPTION_API_KEYS: '0123456789abcdef,fedcba9876543210',
        ZIPCAPTION_CACHE_BYTES: '0',
        ZIPCAPTION_IMAGE_HOSTS: '*.Example.com',
        ZIPCAPTION_BASE_PATH: '/api/',
      }),
    ).toMatchObject({
      maxBytes: 1000,
      cacheBytes: 0,
      basePath: '/api',
      imageHosts: ['*.example.com'],
      corsOrigins: ['https://a.example', 'http://localhost:3000'],
      apiKeys: ['0123456789abcdef', 'fedcba9876543210'],
    });
  });

  it('knows every variable that the docs list, and those of the command line', () => {
    const docs = readFileSync(new URL('../../../../docs/http-api.md', import.meta.url), 'utf8');
    const [, table = ''] = docs.split('\n## Settings\n');
    const names = new Set(table.match(/(?<=`)ZIPCAPTION_\w+/g));
    expect(names.size).toBeGreaterThan(15);
    for (const name of [...names, 'ZIPCAPTION_CACHE']) {
      expect(readSettings({ [name]: '' }), name).toEqual(defaultSettings);
    }
  });

  it('reads keys from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zipcaption-keys-'));
    const file = join(folder, 'keys');
    writeFileSync(file, 'first-key-of-many\nsecond-key-of-many\n');
    expect(readSettings({ ZIPCAPTION_API_KEYS_FILE: file }).apiKeys).toHaveLength(2);
    writeFileSync(file, '\n');
    expect(() => readSettings({ ZIPCAPTION_API_KEYS_FILE: file })).toThrow('holds no key');
    for (const place of [folder, join(folder, 'nowhere')]) {
      expect(() => readSettings({ ZIPCAPTION_API_KEYS_FILE: place })).toThrow(
        /^ZIPCAPTION_API_KEYS_FILE .* cannot be read: E/,
      );
    }
    rmSync(folder, { recursive: true });
  });

  it.each([
    [{ ZIPCAPTION_MAX_BYTE: '1' }, 'no setting ZIPCAPTION_MAX_BYTE'],
    [{ ZIPCAPTION_MAX_BYTES: '1 MB' }, 'whole number'],
    [{ ZIPCAPTION_CORS_ORIGINS: 'example.com' }, 'ZIPCAPTION_CORS_ORIGINS'],
    [{ ZIPCAPTION_CORS_ORIGINS: 'https://example.com/' }, 'ZIPCAPTION_CORS_ORIGINS'],
    [{ ZIPCAPTION_API_KEYS: 'short' }, '16 characters'],
    [{ ZIPCAPTION_API_KEYS: 'schlüssel-der-länger-ist' }, 'ASCII'],
    [{ ZIPCAPTION_API_KEYS: 'a-key-with-a-\x07-in-it' }, 'ASCII'],
    [{ ZIPCAPTION_IMAGE_HOSTS: 'https://example.com' }, 'ZIPCAPTION_IMAGE_HOSTS'],
    [{ ZIPCAPTION_IMAGE_HOSTS: '*' }, 'ZIPCAPTION_IMAGE_HOSTS'],
    [{ ZIPCAPTION_BASE_PATH: 'api' }, 'ZIPCAPTION_BASE_PATH'],
  ])('refuses %j', (env, message) => {
    expect(() => readSettings(env as Record<string, string>)).toThrow(message);
  });
});
