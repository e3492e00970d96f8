import { pathToFileURL } from 'node:url';

/** Where this code lies. Bundled as CommonJS, a module has no `import.meta.url` but a `__filename`. */
export function ownUrl(): string {
  const url: string | undefined = import.meta.url;
  return url ?? pathToFileURL(__filename).href;
}
