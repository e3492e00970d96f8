import { type AltResult, draftInWords, wrongWith } from './alt-result.js';

/**
 * Annotations of GitHub Actions, errors for a check and warnings otherwise:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubFormat({ images, problems, task }: AltResult): string {
  const level = task === 'check' ? 'error' : 'warning';
  const found = images.map((image) => {
    const draft = draftInWords(image);
    const message = `${wrongWith(image)}${draft ? ` Draft: ${draft}` : ''}`;
    const place = `file=${property(image.file)},line=${image.line},col=${image.column}`;
    return `::${level} ${place},title=Alternative text::${data(message)}\n`;
  });
  const unread = problems.map(
    ({ file, error }) => `::error file=${property(file)},title=Unread::${data(error.message)}\n`,
  );
  return [...found, ...unread].join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
