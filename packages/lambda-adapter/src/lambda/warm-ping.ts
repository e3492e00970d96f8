/**
 * Is this event sent only to keep the function warm? A schedule of EventBridge, an empty test
 * invocation (`{}` or null), or `{ "warm": true }`.
 */
export function isWarmPing(event: unknown): boolean {
  if (event === null || event === undefined) return true;
  if (typeof event !== 'object' || Array.isArray(event)) return false;
  if (Object.keys(event).length === 0) return true;
  const { warm, source, 'detail-type': type } = event as Record<string, unknown>;
  if (warm === true) return true;
  return source === 'aws.scheduler' || (source === 'aws.events' && type === 'Scheduled Event');
}
