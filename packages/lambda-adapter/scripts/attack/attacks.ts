import type { Attack } from './attack.js';
import { bodyAttacks } from './body-attacks.js';
import { connectionAttacks } from './connection-attacks.js';
import { loadAttacks } from './load-attacks.js';
import { protocolAttacks } from './protocol-attacks.js';

export const attacks: readonly Attack[] = [
  ...bodyAttacks,
  ...connectionAttacks,
  ...protocolAttacks,
  // The last one of these ends the server.
  ...loadAttacks,
];
