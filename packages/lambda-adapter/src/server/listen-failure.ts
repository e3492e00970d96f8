/**
 * Why the server cannot listen, as a sentence for the user that names the flag to change; undefined for an
 * error that has another reason.
 */
export function listenFailure(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another program. Choose another one with --port; 0 takes a free one.`;
    case 'EACCES':
      return syscall === 'listen'
        ? `Port ${port} may not be used without special rights. Choose one from 1024 with --port.`
        : undefined;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `"${host}" is not an address of this machine. Give one with --host: 127.0.0.1 or ::1 for this machine only, 0.0.0.0 or :: for all.`;
    default:
      return undefined;
  }
}
