import { FLAGS, type Flag } from './flags.js';

const USAGE = 'Usage: zipcaption [flags] <photo, folder, glob, address or -> …';

/** Printed when there is nothing to caption. */
export const SHORT_HELP = `${USAGE}

Prints a caption for each photo.

  zipcaption photo.jpg            one line: the photo's name, two spaces, its caption
  zipcaption -r --jsonl photos/   every photo in a folder, one JSON object a line
  zipcaption --help               all flags, more examples
`;

const EXAMPLES = `Examples:
  zipcaption photo.jpg
  zipcaption -r holidays/ > captions.txt
  zipcaption 'holidays/**/*.{jpg,png}' --format csv > captions.csv
  zipcaption https://example.org/photo.jpg --json
  curl -s https://example.org/photo.jpg | zipcaption - --alternatives
  zipcaption photo.jpg --beams 5 --num-captions 3 --ban man --ban woman
  zipcaption photo.jpg --sample --temperature 0.8 --top-p 0.9 --seed 7
  zipcaption photo.jpg --attention photo-attention.html
  zipcaption -r holidays/ --attention 'maps/{name}.png' --min-confidence 0.5
  zipcaption -r archive/ --out captions.jsonl --resume
  zipcaption -r archive/ --sidecar txt --resume

Other models: zipcaption models --help
Alternative texts for a site's images: zipcaption alt --help

Exit code: 0 all photos captioned, 1 some failed (the others are printed all the
same), 2 wrong usage, 130 or 143 stopped by Ctrl-C or a termination signal.
`;

const COLUMN = 26;
const WIDTH = 80;
/** Stands for a space at which a line is not broken. */
const NO_BREAK = '\u00a0';

/** The whole help, at most 80 columns wide. */
export function fullHelp(): string {
  return [
    `${USAGE}\n\nPrints a caption for each photo, in the order given.\n`,
    ...flagSections(FLAGS),
    EXAMPLES,
  ].join('\n');
}

/** The flags under the headings of their groups. */
export function flagSections(flags: readonly Flag[]): string[] {
  const groups = [...new Set(flags.map((flag) => flag.group))];
  return groups.map((group) => {
    const lines = flags.filter((flag) => flag.group === group).map(describe);
    return `${group}:\n${lines.join('\n')}\n`;
  });
}

function describe(flag: Flag): string {
  const short = flag.short ? `-${flag.short}, ` : '    ';
  const left = `  ${short}--${flag.name}${placeholder(flag)}`;
  const lines = wrap(`${flag.help}${range(flag)}`, WIDTH - COLUMN);
  const [first = '', ...rest] = lines.map((line) => line.replaceAll(NO_BREAK, ' '));
  const indent = ' '.repeat(COLUMN);
  const head = left.length < COLUMN ? left.padEnd(COLUMN) + first : `${left}\n${indent}${first}`;
  return [head, ...rest.map((line) => indent + line)].join('\n');
}

function placeholder({ value }: Flag): string {
  switch (value.kind) {
    case 'switch':
      return '';
    case 'text':
      return ` ${value.placeholder}`;
    case 'choice':
      return ` ${value.choices.join('|')}`;
    case 'integer':
      return ' N';
    case 'count':
      return ' [N]';
    case 'number':
      return ' X';
    case 'bytes':
    case 'pixels':
      return ' SIZE';
  }
}

function range({ value }: Flag): string {
  if (value.kind !== 'integer' && value.kind !== 'number' && value.kind !== 'count') return '';
  const above = value.kind !== 'count' && value.above;
  const text = `[${above ? 'above ' : ''}${value.min} to ${value.max}]`;
  return ` ${text.replaceAll(' ', NO_BREAK)}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
