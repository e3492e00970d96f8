import { flagSections } from '../help.js';
import { ALT_FLAGS } from './flags.js';

const USAGE = 'Usage: zipcaption alt [flags] <file, folder or glob> …';

/** Printed when no file is named. */
export const SHORT_ALT_HELP = `${USAGE}

Finds images without alternative text in HTML, Markdown, MDX, Astro, Vue and
Svelte files, and drafts one for each.

  zipcaption alt site/            list them; changes nothing
  zipcaption alt site/ --check    only check: exit code 1 if there are any
  zipcaption alt --help           all flags, more examples
`;

const EXAMPLES = `Examples:
  zipcaption alt site/ 'docs/**/*.md'
  zipcaption alt site/ --write --min-confidence 0.6 --suffix " (draft)" --mark
  zipcaption alt site/ --report alt.html
  zipcaption alt site/ --apply alt.json
  zipcaption alt src/ --check --format github
  zipcaption alt content/ --field cover_alt=cover --root static

A draft says what a model sees, not what the image is for: review each draft
before publishing it.

Exit code: 0 done, 1 a file could not be read or written or, with --check, an
image lacks an alternative text, 2 wrong usage, 130 or 143 stopped by Ctrl-C or
a termination signal.
`;

/** The whole help, at most 80 columns wide. */
export function fullAltHelp(): string {
  return [
    `${USAGE}\n\nFinds images without alternative text and drafts one for each.\n`,
    ...flagSections(ALT_FLAGS),
    EXAMPLES,
  ].join('\n');
}
