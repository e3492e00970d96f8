import { pathOf } from '../http/path-of.js';

/** Paths that are names of their own in metrics and traces; strangers must not be able to add further ones. */
const routes: ReadonlySet<string> = new Set([
  '/',
  '/caption',
  '/embed',
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi.json',
]);
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** The route of a request's path; undefined for a path that is none. */
export function routeOf(path: string, basePath: string): string | undefined {
  // What was no HTTP has no path.
  const route = path === '' ? undefined : pathOf(path, basePath);
  return route !== undefined && routes.has(route) ? route : undefined;
}

/** The method, if it is one that is answered. */
export function knownMethod(method: string): string | undefined {
  return methods.has(method) ? method : undefined;
}
