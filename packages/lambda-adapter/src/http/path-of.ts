/** The path below `basePath`, without slashes at its end; undefined for what is not below it. */
export function pathOf(pathname: string, basePath: string): string | undefined {
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) return undefined;
  // One step at a time: a regular expression takes quadratic time for a path of slashes.
  let end = pathname.length;
  while (end > basePath.length && pathname[end - 1] === '/') end--;
  return pathname.slice(basePath.length, end) || '/';
}
