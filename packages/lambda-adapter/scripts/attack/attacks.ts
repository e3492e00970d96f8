import type { Attack } from './attack.js';
import { bodyAttacks } from './body-attacks.js';
import { connectionAttacks } from './connection-attacks.js';
import { loadAttacks } from './load-attacks.js';

export const attacks: readonly Attack[] = [...bodyAttacks, ...connectionAttacks, ...loadAttacks];
