import { describe, expect, it } from 'vitest';
import { parseShard, shardOf } from './shard.js';

describe('shards', () => {
  // int.from_bytes(hashlib.sha256(os.fsencode(unicodedata.normalize('NFC', name))).digest()[:8], 'big') % count + 1
  it.each([
    ['2020/photo.jpg', 7, 719],
    ['é/ü.png', 15, 39],
    ['\udcff.jpg', 9, 577],
    ['a\nb.jpg', 16, 704],
  ])('%j is in part %i of 16, part %i of 1000, as Python computes it', (name, of16, of1000) => {
    expect([shardOf(name, 16), shardOf(name, 1000)]).toEqual([of16, of1000]);
    expect(shardOf(name.normalize('NFD'), 1000)).toBe(of1000);
  });

  it('are of nearly the same size', () => {
    const sizes = new Array<number>(17).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const part = shardOf(`2020/${i >> 7}/IMG_${i}.jpg`, 16);
      sizes[part] = (sizes[part] ?? 0) + 1;
    }
    // Five standard deviations of a binomial distribution around 1000.
    for (const size of sizes.slice(1)) expect(Math.abs(size - 1000)).toBeLessThan(155);
  });

  it('are named from 1/N to N/N', () => {
    expect(parseShard('3/16')).toEqual({ index: 3, count: 16 });
    expect(parseShard('1/1')).toEqual({ index: 1, count: 1 });
    for (const wrong of ['0/16', '17/16', '3', '3/', '-1/4', '1.5/4', '1/0', '1/99999999', 'a/b']) {
      expect(() => parseShard(wrong)).toThrow(/--shard must be .*, not "/);
    }
    expect(() => parseShard('0/16')).toThrow('count from 1');
  });
});
