import type { AppliedDecision, FileProblem, FoundImage, Proposal } from '../../../alt/index.js';

/** What `zipcaption alt` does with the images that it finds. */
export type AltTask = 'list' | 'write' | 'check' | 'apply';

/** An image to print: with a proposal except for --check, with an outcome if it was written. */
export type Listed = FoundImage &
  Partial<Pick<Proposal, 'draft' | 'reason' | 'decision'>> & {
    readonly outcome?: AppliedDecision['outcome'];
    /** What a reviewer decided on. */
    readonly decided?: string;
  };

/** What there is to print at the end. */
export interface AltResult {
  readonly images: readonly Listed[];
  readonly problems: readonly FileProblem[];
  /** The task; for `check` each image is an error. */
  readonly task: AltTask;
  /** Files that were read. */
  readonly files: number;
}

/** The draft and its outcome in words; empty for a check. */
export function draftInWords(image: Listed): string {
  const { draft, reason, decision, outcome, decided } = image;
  const fate = outcome && OUTCOMES[outcome];
  if (decided !== undefined) return `${decided === '' ? 'decorative' : decided}, ${fate}`;
  if (!draft) return decision === undefined ? '' : `no draft: ${reason ?? ''}`;
  const sure = `${draft.alt} (${Math.round(draft.confidence * 100)} %)`;
  const known = fate ? `${sure}, ${fate}` : reason ? `${sure}; ${reason}` : sure;
  const purpose = purposeOf(image);
  return purpose ? `${known} [${purpose}]` : known;
}

/** The purpose that this image's text must state, which no model can see. */
function purposeOf({ kind, context }: FoundImage): string | undefined {
  if (kind === 'input') return 'a button: say what it does';
  return context.link ? `in a link to ${context.link}: say where it leads` : undefined;
}

const OUTCOMES: Readonly<Record<AppliedDecision['outcome'], string>> = {
  written: 'written',
  there: 'already there',
  changed: 'not written: it changed in the meantime',
  refused: 'not written: the edit would have changed more than this text',
};

/** What is wrong with an image's alternative text. */
export function wrongWith({ kind, status, alt }: FoundImage): string {
  if (kind === 'svg-image') return 'This image in an SVG has no name (aria-label or <title>).';
  if (status === 'placeholder') return `The alternative text "${alt ?? ''}" describes nothing.`;
  return kind === 'area'
    ? 'This link of an image map has no alternative text.'
    : 'This image has no alternative text.';
}
