import { DECISIONS_FORMAT } from '../../../alt/index.js';
import { rounded } from '../../formats/report.js';
import type { AltResult, Listed } from './alt-result.js';

/** The list as one JSON object, which `--apply` takes. */
export function jsonFormat({ images, problems, files }: AltResult): string {
  const object = {
    format: DECISIONS_FORMAT,
    files,
    images: images.map(imageObject),
    problems: problems.map(({ file, error: { code, message } }) => ({ file, code, message })),
  };
  return `${JSON.stringify(object, null, 2)}\n`;
}

export function imageObject(image: Listed): Readonly<Record<string, unknown>> {
  const { file, line, column, kind, src, occurrence, status, alt: was, context } = image;
  const place = { file, line, column, kind, src, occurrence, status, was };
  const { draft, decision = 'skip', reason, outcome, decided } = image;
  return {
    ...place,
    alt: decided ?? draft?.alt ?? null,
    decision,
    ...(outcome && { outcome }),
    ...(reason && { reason }),
    ...(draft && {
      caption: draft.caption,
      confidence: rounded(draft.confidence, 6),
      alternatives: draft.alternatives.map(({ alt, confidence }) => ({
        alt,
        confidence: rounded(confidence, 6),
      })),
    }),
    context,
  };
}
