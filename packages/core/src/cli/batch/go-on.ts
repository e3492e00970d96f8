/**
 * The command line that goes on where this one stopped.
 *
 * @param argv the words after the program's name
 */
export function commandToGoOn(argv: readonly string[]): string {
  const words = argv.filter((word) => word !== '--overwrite');
  const end = words.indexOf('--');
  const flags = end < 0 ? words : words.slice(0, end);
  const resumes = flags.includes('--resume') || flags.includes('--retry-failed');
  const operands = end < 0 ? [] : words.slice(end);
  const all = ['zipcaption', ...flags, ...(resumes ? [] : ['--resume']), ...operands];
  return all.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
