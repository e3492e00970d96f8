import type { AltResult } from './alt-result.js';
import { githubFormat } from './github.js';
import { jsonFormat } from './json.js';
import { sarifFormat } from './sarif.js';
import { textFormat } from './text.js';

export type AltFormatName = 'text' | 'json' | 'sarif' | 'github';

export const ALT_FORMATS: Readonly<Record<AltFormatName, (result: AltResult) => string>> = {
  text: textFormat,
  json: jsonFormat,
  sarif: sarifFormat,
  github: githubFormat,
};
