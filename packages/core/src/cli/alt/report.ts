import type { Proposal } from '../../alt/index.js';
import type { AltSettings } from './settings.js';

export async function writeReport(
  _file: string,
  _proposals: readonly Proposal[],
  _settings: AltSettings,
): Promise<void> {}
