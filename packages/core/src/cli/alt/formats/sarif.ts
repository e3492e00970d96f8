import { VERSION } from '../../../index.js';
import { type AltResult, draftInWords, type Listed, wrongWith } from './alt-result.js';

const RULES = [
  {
    id: 'missing-alt',
    shortDescription: { text: 'An image has no alternative text' },
    helpUri: 'https://www.w3.org/WAI/WCAG22/Understanding/non-text-content.html',
  },
  {
    id: 'placeholder-alt',
    shortDescription: { text: 'An alternative text describes nothing' },
    helpUri: 'https://www.w3.org/WAI/WCAG22/Techniques/failures/F30',
  },
  { id: 'unread-file', shortDescription: { text: 'A file could not be read' } },
] as const;

/** SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarifFormat({ images, problems, task }: AltResult): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'zipcaption alt', version: VERSION, rules: RULES } },
        columnKind: 'utf16CodeUnits',
        results: [
          ...images.map((image) => imageResult(image, task === 'check' ? 'error' : 'warning')),
          ...problems.map(({ file, error }) => ({
            ruleId: 'unread-file',
            ruleIndex: 2,
            level: 'error',
            message: { text: `${error.message} (${error.code})` },
            locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
          })),
        ],
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function imageResult(image: Listed, level: 'error' | 'warning') {
  const ruleIndex = image.status === 'placeholder' ? 1 : 0;
  const draft = draftInWords(image);
  return {
    ruleId: RULES[ruleIndex].id,
    ruleIndex,
    level,
    message: { text: `${wrongWith(image)}${draft ? ` Draft: ${draft}` : ''}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(image.file) },
          region: {
            startLine: image.line,
            startColumn: image.column,
            charOffset: image.start,
            charLength: image.end - image.start,
          },
        },
      },
    ],
  };
}

/** A relative reference (RFC 3986), whatever the system's separator is. */
function uriOf(file: string): string {
  return file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
