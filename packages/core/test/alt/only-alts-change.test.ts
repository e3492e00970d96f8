import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyToText } from '../../src/alt/apply/apply-to-text.js';
import { onOneLine } from '../../src/alt/apply/edits.js';
import { findInText, type SourceText } from '../../src/alt/find/find.js';
import type { FindOptions, ImageUse } from '../../src/alt/types.js';
import { anyAlt, mutatedHtml, mutatedMarkdown, mutatedMdx } from './mutated.js';

/*
 * Whatever a file looks like and whatever text is written: take what was written out again and the
 * file is the old one, and a second run finds nothing to write.
 */

/** `ALT_RUNS=20000 pnpm test packages/core/test/alt` tries that many files of each kind, others each time. */
const RUNS = process.env.ALT_RUNS ? Number(process.env.ALT_RUNS) : undefined;
const options: FindOptions = { fields: { cover_alt: 'cover' } };

const wanting = (uses: readonly ImageUse[]) =>
  uses.filter(({ status, slot }) => slot && (status === 'missing' || status === 'placeholder'));

/** The file without what was written: the parser says where that stands, the old file what was there. */
function takenOut(now: string, then: string, uses: readonly (readonly [ImageUse, ImageUse])[]) {
  let text = now;
  for (const [after, before] of uses.toReversed()) {
    const [place, old] = [after.slot, before.slot];
    if (place?.type === 'attribute' && place.existing && old?.type === 'attribute') {
      const { start, end } = place.existing;
      const was = old.existing ? then.slice(old.existing.start, old.existing.end) : '';
      const space = old.existing ? 0 : 1;
      text = text.slice(0, start - space) + was + text.slice(end);
    } else if (place?.type === 'label' && old?.type === 'label') {
      const was = then.slice(before.start, before.end);
      text = text.slice(0, after.start) + was + text.slice(after.end);
    } else if (place?.type === 'field') {
      // A field of its own line, below the image's.
      const line = text.lastIndexOf('\n', place.start) + 1;
      text = text.slice(0, line) + text.slice(text.indexOf('\n', line) + 1);
    }
  }
  return text;
}

async function check(source: SourceText, alts: readonly string[]): Promise<number> {
  const uses = await findInText(source, options).catch(() => []);
  const wanted = wanting(uses).map((use, index) => ({
    use,
    alt: alts[index % alts.length] ?? '',
  }));
  const { text, written, refused } = await applyToText(source, wanted, options);
  const after = await findInText({ ...source, text }, options).catch(() => []);
  expect(after).toHaveLength(uses.length);
  const changed = uses.flatMap((before, index) => {
    const write = written.find(({ use }) => use.start === before.start && use.kind === before.kind);
    const now = after[index];
    if (!write || !now) return [];
    expect(now.alt).toBe(onOneLine(write.alt));
    return [[now, before] as const];
  });
  expect(changed).toHaveLength(written.length);
  expect(takenOut(text, source.text, changed)).toBe(source.text);

  // The same decisions once more, for the images as they are now.
  const again = changed.map(([now]) => ({ use: now, alt: now.alt ?? '' }));
  const second = await applyToText({ ...source, text }, again, options);
  expect([second.text, second.written]).toEqual([text, []]);
  return refused.length;
}

const texts = fc.array(
  anyAlt.filter((alt) => onOneLine(alt) !== ''),
  { minLength: 1, maxLength: 4 },
);

test.each([
  [500, 'html', mutatedHtml],
  [350, 'markdown', mutatedMarkdown],
  [150, 'mdx', mutatedMdx],
] as const)('%i %s files', async (number, kind, files) => {
  const numRuns = RUNS ?? number;
  let [images, refusals] = [0, 0];
  await fc.assert(
    fc.asyncProperty(files, texts, async (text, alts) => {
      refusals += await check({ text, kind }, alts);
      images += wanting(await findInText({ text, kind }, options).catch(() => [])).length;
    }),
    RUNS ? { numRuns } : { numRuns, seed: 20261127 },
  );
  // The files are such that there is something to prove, and nearly everything can be written.
  expect(images).toBeGreaterThan(numRuns);
  expect(refusals / images).toBeLessThan(0.01);
  if (RUNS) console.log(kind, { images, refusals });
});
