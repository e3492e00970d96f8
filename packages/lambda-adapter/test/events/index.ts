import alb from './alb.json' with { type: 'json' };
import albMultiValue from './alb-multi-value.json' with { type: 'json' };
import functionUrl from './function-url.json' with { type: 'json' };
import httpApi from './http-api-v2.json' with { type: 'json' };
import restApi from './rest-api-v1.json' with { type: 'json' };
import scheduled from './scheduled.json' with { type: 'json' };
import latticeV1 from './vpc-lattice-v1.json' with { type: 'json' };
import latticeV2 from './vpc-lattice-v2.json' with { type: 'json' };

/** Events as Lambda sends them; the account, the addresses and the ids are examples. */
const recorded = {
  'rest-api-v1': restApi,
  'http-api-v2': httpApi,
  'function-url': functionUrl,
  alb,
  'alb-multi-value': albMultiValue,
  'vpc-lattice-v1': latticeV1,
  'vpc-lattice-v2': latticeV2,
  scheduled,
};

export type EventName = keyof typeof recorded;

/** The events that carry an HTTP request. */
export const httpEventNames = [
  'rest-api-v1',
  'http-api-v2',
  'function-url',
  'alb',
  'alb-multi-value',
  'vpc-lattice-v1',
  'vpc-lattice-v2',
] as const satisfies readonly EventName[];

export function recordedEvent(name: EventName): Record<string, unknown> {
  return structuredClone(recorded[name]);
}

/** The same event with bytes as its body, written as the front doors write them. */
export function eventWithBody(name: EventName, body: Uint8Array): Record<string, unknown> {
  return {
    ...recordedEvent(name),
    body: Buffer.from(body).toString('base64'),
    ...(name === 'vpc-lattice-v1' ? { is_base64_encoded: true } : { isBase64Encoded: true }),
  };
}
