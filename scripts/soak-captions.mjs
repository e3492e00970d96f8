// Captions small pictures again and again and tells how memory goes: `pnpm soak:captions [captions]`, default 10,000. Fails if
// after the first hundred the heap grew by more than 8 MB, or the process, WebAssembly included, by more than 24.
//
//   node --expose-gc scripts/soak-captions.mjs 10000        after tsc --build
import { loadCaptioner } from 'zipcaption';

const count = Number(process.argv[2] ?? 10_000);
const picture = (seed) => ({
  width: 32,
  height: 24,
  channels: 3,
  data: Uint8Array.from({ length: 32 * 24 * 3 }, (_, i) => (i * (seed + 3)) ^ (i >> 3)),
});
const state = () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, buffers: arrayBuffers / 2 ** 20, rss: rss / 2 ** 20 };
};
const line = ({ heap, buffers, rss }) =>
  `heap ${heap.toFixed(1)}, array buffers ${buffers.toFixed(1)}, resident ${rss.toFixed(0)} MB`;

const captioner = await loadCaptioner();
let settled;
for (let i = 1; i <= count; i++) {
  await captioner.caption(picture(i), { numBeams: 1 + (i % 4) });
  if (i === 100) settled = state();
  if (i % Math.ceil(count / 10) === 0) console.log(`${i} captions: ${line(state())}`);
}
const end = state();
await captioner.dispose();
console.log(`after 100: ${line(settled)}\nat the end: ${line(end)}`);
if (end.heap - settled.heap > 8 || end.rss - settled.rss > 24) {
  console.error('Memory grew.');
  process.exitCode = 1;
}
