/** Bytes as people read them: "614 MB". Decimal units, as the hub and download tools show. */
export function readableBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown size';
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
