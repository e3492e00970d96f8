import { HttpError } from './problem.js';

/** The paths that are answered. Each is a name of its own in metrics and traces. */
export const paths = [
  '/',
  '/caption',
  '/embed',
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi.json',
] as const;

export type Path = (typeof paths)[number];

const known: ReadonlySet<string> = new Set(paths);

export function isPath(path: string): path is Path {
  return known.has(path);
}

/** The methods that are answered, each at some path. */
export const methods = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const;

/** A method that is answered at no path. */
export function methodNotSupported(detail: string): HttpError {
  return new HttpError('METHOD_NOT_ALLOWED', detail, { headers: { allow: methods.join(', ') } });
}
