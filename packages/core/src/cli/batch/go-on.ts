/**
 * The command line that goes on where this one stopped.
 *
 * @param argv     the words after the program's name
 * @param platform whose shells have to understand it
 */
export function commandToGoOn(argv: readonly string[], platform = process.platform): string {
  const words = argv.filter((word) => word !== '--overwrite');
  const end = words.indexOf('--');
  const flags = end < 0 ? words : words.slice(0, end);
  const resumes = flags.includes('--resume') || flags.includes('--retry-failed');
  const operands = end < 0 ? [] : words.slice(end);
  const all = ['zipcaption', ...flags, ...(resumes ? [] : ['--resume']), ...operands];
  return all.map(platform === 'win32' ? quotedForWindows : quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** For cmd and PowerShell. No name of a file has a double quote there. */
function quotedForWindows(word: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  // Programs read a backslash before a quote as the quote itself.
  return `"${word.replace(/\\+$/, '$&$&')}"`;
}
