// Frameworks that render on a server: a project of each (projects/), with a page and a POST route, built
// for production as docs/frameworks.md says and run with Node.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.mjs';

export const PROJECTS = {
  sveltekit: {
    packages: [
      '@sveltejs/kit@2',
      '@sveltejs/adapter-node@5',
      '@sveltejs/vite-plugin-svelte',
      'svelte@5',
      'vite@8',
    ],
    build: ['vite', 'build'],
    start: ['build/index.js'],
  },
  astro: {
    packages: ['astro@5', '@astrojs/node@9'],
    build: ['astro', 'build'],
    start: ['dist/server/entry.mjs'],
  },
  nuxt: {
    packages: ['nuxt@4'],
    build: ['nuxt', 'build'],
    // Everything that the server needs is in here.
    output: '.output',
    start: ['.output/server/index.mjs'],
  },
  'react-router': {
    // All of the same version, which npm does not find by itself.
    packages: [
      'react-router@7.18.4',
      '@react-router/dev@7.18.4',
      '@react-router/node@7.18.4',
      '@react-router/serve@7.18.4',
      'react@19',
      'react-dom@19',
      'isbot@5',
      'vite@7',
    ],
    build: ['react-router', 'build'],
    start: ['node_modules/@react-router/serve/bin.js', 'build/server/index.js'],
  },
};

/**
 * Installs and builds a project in `folder`.
 *
 * @param packed our packages by name: addresses of their tarballs
 * @returns what starts it: arguments of Node, and the environment
 */
export async function buildProject(name, folder, packed) {
  const { packages, build, start, output } = PROJECTS[name];
  const run = (command, args) =>
    execFileSync(command, args, {
      cwd: folder,
      env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  cpSync(fileURLToPath(new URL(`projects/${name}`, import.meta.url)), folder, { recursive: true });
  const manifest = { private: true, type: 'module', dependencies: packed, overrides: packed };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...packages]);
  const [tool, ...args] = build;
  run(join(folder, 'node_modules/.bin', tool), args);
  if (output) {
    for (const each of readdirSync(folder)) {
      if (each !== output) rmSync(join(folder, each), { recursive: true });
    }
  }
  // Some of these servers take port 0 for their default.
  const port = String(await freePort());
  return { start, env: { PORT: port, HOST: '127.0.0.1', BODY_SIZE_LIMIT: '10M' } };
}
