import type { AltDecision } from '../apply/decisions.js';
import type { Proposal } from './propose.js';

/** A proposal as a decision: its draft is written where the model is sure enough. */
export function decisionOf(proposal: Proposal): AltDecision {
  const { file, kind, src, occurrence, alt: was, draft, decision } = proposal;
  return { file, kind, src, occurrence, was, alt: draft?.alt ?? null, decision };
}
