import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CaptionError } from '../errors.js';
import { filesSource } from '../model/given-files.js';
import type { ModelSource } from '../model/source.js';
import { folderSource } from './folder-source.js';
import { ownUrl } from './own-url.js';

const PACKAGE = '@zipcaption/lite';

/**
 * The embedded model, wherever a bundler has put it: at the addresses that the model's package has,
 * which bundlers and tracers (webpack, Next.js, Vercel) follow and rewrite; else in the
 * `node_modules` that this code, or the program's working directory, can see; else beside this code.
 *
 * @throws CaptionError `MODEL_NOT_FOUND` saying where it was looked for
 */
export async function embeddedModel(): Promise<ModelSource> {
  const own = await ownFiles();
  if (own) return filesSource(own, folderSource);
  const folders = [packageFolder(ownUrl()), packageFolder(workingDirectory()), dirname(ownPath())];
  for (const folder of folders) {
    if (folder && existsSync(join(folder, 'encoder.onnx')) && isModel(folder))
      return folderSource(folder);
  }
  throw new CaptionError(
    'MODEL_NOT_FOUND',
    `The embedded model is neither in the package ${PACKAGE} nor beside the program (${dirname(ownPath())}). Run "npm install ${PACKAGE}"; if the program was bundled, keep zipcaption out of the bundle (Next.js: serverExternalPackages) or copy the package's files beside it: docs/frameworks.md. Or name a model with the option "model".`,
  );
}

/** The addresses that the package names, where the files are really there. */
async function ownFiles(): Promise<Readonly<Record<string, URL>> | undefined> {
  try {
    const { files } = await import('@zipcaption/lite');
    const isThere = (url: URL) => url.protocol === 'file:' && existsSync(fileURLToPath(url));
    return Object.values(files).every(isThere) ? files : undefined;
  } catch {
    return undefined; // Bundled as CommonJS, or not installed.
  }
}

function packageFolder(from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${PACKAGE}/manifest.json`));
  } catch {
    return undefined;
  }
}

function isModel(folder: string): boolean {
  return existsSync(join(folder, 'manifest.json'));
}

function workingDirectory(): string {
  return pathToFileURL(join(process.cwd(), 'any.js')).href;
}

function ownPath(): string {
  return fileURLToPath(ownUrl());
}
