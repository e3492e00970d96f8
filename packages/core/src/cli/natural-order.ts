const collator = new Intl.Collator('en', { numeric: true });

/** Orders paths as people do: folder by folder, `photo2` before `photo10`. */
export function naturalOrder(a: string, b: string): number {
  const left = a.split(/[/\\]/);
  const right = b.split(/[/\\]/);
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = collator.compare(part, other);
    if (order !== 0) return order;
  }
  if (left.length < right.length) return -1;
  // The collator treats "01" and "1" as equal, but the order must be total.
  return a < b ? -1 : a > b ? 1 : 0;
}
