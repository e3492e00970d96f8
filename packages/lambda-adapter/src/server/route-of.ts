import { pathOf } from '../http/path-of.js';
import { isPath, methods, type Path } from '../http/paths.js';

/** The route of a request's path; undefined for a path that is none: strangers must not add names to metrics. */
export function routeOf(path: string, basePath: string): Path | undefined {
  // What was no HTTP has no path.
  const route = path === '' ? undefined : pathOf(path, basePath);
  return route !== undefined && isPath(route) ? route : undefined;
}

/** The method, if it is one that is answered. */
export function knownMethod(method: string): string | undefined {
  return methods.find((each) => each === method);
}
