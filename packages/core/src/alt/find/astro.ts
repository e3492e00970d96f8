import { readFile } from 'node:fs/promises';
import { type AstroGoCompiler, astroGoTree } from './astro-go.js';
import { type AstroRustCompiler, astroRustTree } from './astro-rust.js';
import { projectCompiler, projectFile } from './project-compiler.js';
import type { TreeNode } from './source-tree.js';

const MANIFEST = 'astro/package.json';
const RUST = '@astrojs/compiler-rs';
const GO = '@astrojs/compiler';

/** Reads an Astro component with the compiler of the project's version of Astro. */
export async function astroTree(text: string, path?: string): Promise<readonly TreeNode[]> {
  const manifest = JSON.parse(await readFile(projectFile([MANIFEST], path), 'utf8'));
  // Another one may be there by chance, where packages are put into one common folder.
  const isRust = Object.hasOwn(manifest.dependencies ?? {}, RUST);
  const compiler = await projectCompiler([MANIFEST, isRust ? RUST : GO], path);
  return isRust
    ? astroRustTree(text, compiler as AstroRustCompiler)
    : astroGoTree(text, compiler as AstroGoCompiler);
}
