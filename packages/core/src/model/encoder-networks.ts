import type { Session } from './session.js';

/** The networks that run once per photo. */
export interface EncoderNetworks {
  readonly vision: Session;
  readonly embedding?: Session;
  readonly text?: Session;
}
