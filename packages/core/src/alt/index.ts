export { type Applied, type AppliedDecision, type ApplyOptions, applyAlts } from './apply/apply.js';
export { applyToText, type WriteOptions, type WrittenText } from './apply/apply-to-text.js';
export { type AltDecision, DECISIONS_FORMAT, parseDecisions } from './apply/decisions.js';
export type { AltWrite } from './apply/edits.js';
export { documentKind, findInText, type SourceText } from './find/find.js';
export { findImages, needsAlt, type Survey, type SurveyOptions } from './find/survey.js';
export type { Located } from './images/locate.js';
export {
  type Filler,
  type FillOptions,
  hastFiller,
  mdastFiller,
  type ProcessedFile,
} from './plugin/fill.js';
export { type CaptionCache, fileCache } from './propose/cache.js';
export type { AltCaptioner } from './propose/captions.js';
export { decisionOf } from './propose/decide.js';
export type { ImageCaptions } from './propose/image-captions.js';
export {
  type AltDraft,
  type Proposal,
  type ProposeOptions,
  proposeAlts,
} from './propose/propose.js';
export type { StyleOptions } from './propose/style.js';
export type * from './types.js';
