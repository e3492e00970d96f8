import { pathToFileURL } from 'node:url';

/** The place of this module. Bundled as CommonJS, it has no `import.meta.url` but a `__filename`. */
export function ownUrl(): string {
  const url: string | undefined = import.meta.url;
  return url ?? pathToFileURL(__filename).href;
}
