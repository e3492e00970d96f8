import { describe, expect, it } from 'vitest';
import { allocations } from '../../../test/jpeg/allocations.js';
import { type Encoding, encodeJpeg } from '../../../test/jpeg/encode.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { averaged, distance } from '../../../test/jpeg/reference.js';
import { USUAL_SCRIPT } from '../../../test/jpeg/variety.js';
import { decodeJpeg } from './decoder.js';

const WIDTH = 96;
const HEIGHT = 80;
const picture = makePicture(seeded(9), 'photo', WIDTH, HEIGHT, [20, 120]);
const GREY = 128;

/** 6×5 MCUs of 16×16 pixels. */
function file(more: Partial<Encoding> = {}): Uint8Array {
  return encodeJpeg(picture, {
    ...{
      colours: 'ycbcr',
      sampling: [
        [2, 2],
        [1, 1],
        [1, 1],
      ],
      quality: 90,
      progressive: false,
    },
    scans: [{ components: [0, 1, 2] }],
    jfif: true,
    ...more,
  }).bytes;
}

const withRestarts = () => file({ scans: [{ components: [0, 1, 2], restartInterval: 6 }] });

/** Places of all markers of a kind. */
function markersIn(bytes: Uint8Array, isWanted: (code: number) => boolean): number[] {
  return [...bytes.keys()].filter((i) => bytes[i] === 0xff && isWanted(bytes[i + 1] ?? 0));
}
const restartsIn = (bytes: Uint8Array) => markersIn(bytes, (code) => (code & 0xf8) === 0xd0);
const scansIn = (bytes: Uint8Array) => markersIn(bytes, (code) => code === 0xda);

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, from), ...bytes.subarray(to));
}

/** Which of the five rows of MCUs are as in a sound file, and which are grey. */
function rowsOf(bytes: Uint8Array): string {
  const sound = decodeJpeg(withRestarts());
  const { data } = decodeJpeg(bytes);
  const size = 16 * WIDTH * 3;
  return Array.from({ length: 5 }, (_, row) => {
    const rows = data.subarray(row * size, (row + 1) * size);
    if (rows.every((value, i) => value === sound.data[row * size + i])) return 'ok';
    return rows.every((value) => value === GREY) ? 'grey' : 'other';
  }).join(' ');
}

describe('a sequential file that is cut off', () => {
  it('gives what came before, the rest grey, and says so', () => {
    const bytes = file();
    const sound = decodeJpeg(bytes);
    const scan = scansIn(bytes)[0] as number;
    const { data, warnings } = decodeJpeg(bytes.subarray(0, scan + (bytes.length - scan) / 2));
    expect(warnings).toEqual([
      expect.stringMatching(/cut off or damaged: \d\d % of its picture data is missing/),
    ]);
    const top = 16 * WIDTH * 3;
    expect(data.subarray(0, top)).toEqual(sound.data.subarray(0, top));
    expect(data.subarray(data.length - top).every((value) => value === GREY)).toBe(true);
  });

  it('fails when more than three quarters of it are missing', () => {
    const bytes = file();
    const scan = scansIn(bytes)[0] as number;
    const outcomes = Array.from({ length: 99 }, (_, i) => {
      const cut = bytes.subarray(0, scan + 14 + ((bytes.length - scan) * (i + 1)) / 100);
      try {
        return Number(/(\d+) %/.exec(decodeJpeg(cut).warnings[0] ?? '')?.[1]);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'DECODE_FAILED',
          message: expect.stringMatching(
            /(\d+|less than 1) % of its picture is there, too little.* Check that|no image data/,
          ),
        });
        return 'error';
      }
    });
    const first = outcomes.findIndex((outcome) => outcome !== 'error');
    expect(first).toBeGreaterThan(10);
    expect(outcomes.slice(first)).not.toContain('error');
    expect(outcomes[first]).toBeLessThanOrEqual(75);
    expect(outcomes[first]).toBeGreaterThan(68);
  });

  it('does so at every scale', () => {
    const bytes = file();
    const half = bytes.subarray(0, Math.floor(bytes.length * 0.6));
    const full = decodeJpeg(half);
    for (const factor of [2, 4, 8]) {
      const atLeast = { width: WIDTH / factor, height: HEIGHT / factor };
      const scaled = decodeJpeg(half, { atLeast });
      expect(scaled.warnings).toEqual(full.warnings);
      // The full size is rounded to levels, once as samples and once as colours.
      expect(distance(scaled.data, averaged(full, factor).data).mean).toBeLessThan(0.2);
    }
  });

  it('needs no end marker if all blocks are there', () => {
    expect(decodeJpeg(file({ endMarker: false })).warnings).toEqual([]);
  });

  it('leaves components without a scan neutral', () => {
    const bytes = file({ scans: [{ components: [0] }, { components: [1] }, { components: [2] }] });
    const second = scansIn(bytes)[1] as number;
    const { data, warnings } = decodeJpeg(bytes.subarray(0, second));
    expect(warnings).toEqual([expect.stringContaining('33 % of its picture data')]);
    expect(data.every((value, i) => value === data[i - (i % 3)])).toBe(true);
  });
});

describe('a progressive file that is cut off', () => {
  it('is coarser, and says so', () => {
    const bytes = file({ progressive: true, scans: USUAL_SCRIPT });
    const sound = decodeJpeg(bytes);
    const errors = scansIn(bytes)
      .slice(1)
      .map((cut) => {
        const { data, warnings } = decodeJpeg(bytes.subarray(0, cut));
        expect(warnings).toEqual([expect.stringContaining('some of its detail is missing')]);
        return distance(data, sound.data).mean;
      });
    expect(errors[0]).toBeGreaterThan(3);
    expect(errors.at(-1)).toBeLessThan(2);
  });

  it('is whole at 1/8 as soon as its DC terms, and colours at twice that, are there', () => {
    const bytes = file({ progressive: true, scans: USUAL_SCRIPT });
    const atLeast = { width: WIDTH / 8, height: HEIGHT / 8 };
    const last = scansIn(bytes).at(-1) as number;
    const cut = decodeJpeg(bytes.subarray(0, last), { atLeast });
    expect(cut).toEqual(decodeJpeg(bytes, { atLeast }));
    expect(cut.warnings).toEqual([]);
  });

  it('with part of its DC terms is grey below them', () => {
    const bytes = file({ progressive: true, scans: USUAL_SCRIPT });
    const [first, second] = scansIn(bytes) as [number, number];
    const { data, warnings } = decodeJpeg(bytes.subarray(0, (first + second) / 2));
    expect(warnings).toEqual([expect.stringContaining('is missing and left grey')]);
    expect(data.subarray(-300).every((value) => value === GREY)).toBe(true);
  });

  it('is known to lack a bit when a refining scan was lost', () => {
    const bytes = file({
      progressive: true,
      scans: [
        { components: [0, 1, 2], low: 2 },
        { components: [0, 1, 2], high: 2, low: 1 },
        { components: [0, 1, 2], high: 1, low: 0 },
        ...[0, 1, 2].map((index) => ({ components: [index], from: 1, to: 63 })),
      ],
    });
    const [, second, third] = scansIn(bytes) as [number, number, number];
    expect(decodeJpeg(without(bytes, second, third)).warnings).toHaveLength(1);
  });
});

describe('restart markers', () => {
  it('let decoding go on after damage', () => {
    const bytes = withRestarts();
    const [, second, third] = restartsIn(bytes) as [number, number, number];
    // No code of 16 ones exists, so the third interval ends at once.
    bytes.fill(0x7f, second + 2, third);
    expect(rowsOf(bytes)).toMatch(/^ok ok (grey|other) ok ok$/);
    expect(decodeJpeg(bytes).warnings).toHaveLength(1);
  });

  it('tell by their numbers how many intervals are missing', () => {
    const bytes = withRestarts();
    const [first, second, third] = restartsIn(bytes) as [number, number, number];
    expect(rowsOf(without(bytes, first, second))).toBe('ok grey ok ok ok');
    expect(rowsOf(without(bytes, first, third))).toBe('ok grey grey ok ok');
  });

  it('cost one interval when one of them is lost', () => {
    const bytes = withRestarts();
    const second = restartsIn(bytes)[1] as number;
    expect(rowsOf(without(bytes, second, second + 2))).toBe('ok ok grey ok ok');
  });

  it('may be numbered wrongly', () => {
    const bytes = withRestarts();
    for (const at of restartsIn(bytes)) bytes[at + 1] = 0xd0;
    expect(rowsOf(bytes)).toMatch(/^ok ok/);
    const single = withRestarts();
    single[(restartsIn(single)[1] as number) + 1] = 0xd3;
    expect(rowsOf(single)).toBe('ok ok ok ok ok');
  });

  it('that come twice are passed over', () => {
    const bytes = withRestarts();
    const [first] = restartsIn(bytes) as [number];
    const twice = Uint8Array.of(...bytes.subarray(0, first + 2), ...bytes.subarray(first));
    expect(rowsOf(twice)).toMatch(/^ok (grey|ok) ok ok ok$/);
  });
});

describe('a restart after every MCU', () => {
  const each = () => file({ scans: [{ components: [0, 1, 2], restartInterval: 1 }] });
  const sound = decodeJpeg(each());

  /** The thirty MCUs: `o` as in a sound file, `-` grey, `x` anything else. */
  function mcusOf(bytes: Uint8Array): string {
    const { data } = decodeJpeg(bytes);
    return Array.from({ length: 30 }, (_, mcu) => {
      const places = Array.from({ length: 256 * 3 }, (_, i) => {
        const [x, y] = [(mcu % 6) * 16 + (Math.floor(i / 3) % 16), Math.floor(mcu / 6) * 16];
        return ((y + Math.floor(i / 48)) * WIDTH + x) * 3 + (i % 3);
      });
      if (places.every((at) => data[at] === sound.data[at])) return 'o';
      return places.every((at) => data[at] === GREY) ? '-' : 'x';
    }).join('');
  }
  const lost = (from: number, count: number, sign = '-') =>
    'o'.repeat(from) + sign.repeat(count) + 'o'.repeat(30 - from - count);

  it.each([1, 2, 3, 4, 5])('%i intervals that are missing leave the others in place', (count) => {
    const bytes = each();
    const restarts = restartsIn(bytes);
    const cut = without(bytes, restarts[9] as number, restarts[9 + count] as number);
    expect(mcusOf(cut)).toBe(lost(10, count));
  });

  it.each([1, 2, 3, 4, 5])('%i intervals lost in noise do so too', (count) => {
    const bytes = each();
    const restarts = restartsIn(bytes);
    // No code of 16 ones exists, so nothing is read there, and the markers between are gone.
    bytes.fill(0x7f, (restarts[9] as number) + 2, restarts[9 + count] as number);
    expect(mcusOf(bytes)).toMatch(new RegExp(`^${lost(10, count, '[-x]')}$`));
  });

  it.each([0xd0, 0xd3, 0xd7])('all numbered alike, by byte %i, they cost nothing', (code) => {
    const bytes = each();
    for (const at of restartsIn(bytes)) bytes[at + 1] = code;
    expect(mcusOf(bytes)).toBe('o'.repeat(30));
    expect(decodeJpeg(bytes).warnings).toEqual([]);
  });

  it.each([0xc4, 0xe1, 0xfe])(
    'two damaged bytes that look like marker %i cost an interval',
    (code) => {
      const bytes = each();
      const from = restartsIn(bytes)[9] as number;
      bytes.set([0xff, code], from + 4);
      expect(mcusOf(bytes)).toMatch(new RegExp(`^${lost(10, 1, '[-x]')}$`));
    },
  );
});

describe('odd but readable', () => {
  it('bytes between segments', () => {
    const bytes = file();
    const scan = scansIn(bytes)[0] as number;
    const odd = Uint8Array.of(...bytes.subarray(0, scan), 1, 2, 3, ...bytes.subarray(scan));
    expect(decodeJpeg(odd).data).toEqual(decodeJpeg(bytes).data);
  });

  it('bytes after the end', () => {
    const bytes = file();
    expect(decodeJpeg(Uint8Array.of(...bytes, ...bytes))).toEqual(decodeJpeg(bytes));
  });

  it('data left over, which is reported', () => {
    const bytes = file();
    const odd = Uint8Array.of(...bytes.subarray(0, -2), 9, 9, 9, 9, 0xff, 0xd9);
    expect(decodeJpeg(odd).warnings).toEqual([expect.stringContaining('left over')]);
  });
});

describe('files made to do harm', () => {
  /** A frame header for a picture of that size with one component, and what follows it. */
  const bomb = (marker: number, size: number, ...rest: number[]) =>
    Uint8Array.of(
      ...[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...new Array<number>(64).fill(1)],
      ...[0xff, marker, 0, 11, 8, size >> 8, size & 255, size >> 8, size & 255, 1, 1, 0x11, 0],
      ...rest,
    );
  const DC_SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0];
  // Not the last coefficient, or the picture would be complete after one of them.
  const AC_SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 1, 62, 0];

  it('a huge picture with next to no data takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const marker of [0xc0, 0xc2]) {
      const bytes = bomb(marker, 30000, ...DC_SCAN, ...new Array<number>(500).fill(0x55));
      expect(() => decodeJpeg(bytes)).toThrow(/holds almost no data/);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it.each([
    ['that lack their tables take no memory', 0x33, 0],
    ['of one component take memory for it once', 0x00, 5000 ** 2],
  ])('hundreds of scans %s', (_, tables, plane) => {
    const scan = [0xff, 0xda, 0, 8, 1, 1, tables, 0, 63, 0];
    // Enough bytes for a picture of that size not to be refused at once, and no code among them.
    const data = [...Array.from({ length: 400 }, () => scan).flat(), ...new Array(2000).fill(0x7f)];
    const bytes = bomb(0xc0, 5000, ...data);
    const { total } = allocations(() => {
      expect(() => decodeJpeg(bytes)).toThrow(/no image data that can be read/);
    });
    expect(total).toBeLessThan(plane + 1e6);
  });

  it('a component that comes again does not undo what was read', () => {
    const bytes = file({ scans: [{ components: [0] }, { components: [1] }, { components: [2] }] });
    const [first, second] = scansIn(bytes) as [number, number];
    const again = Uint8Array.of(
      ...bytes.subarray(0, second),
      ...bytes.subarray(first, first + 12),
      ...bytes.subarray(second),
    );
    expect(decodeJpeg(again)).toEqual(decodeJpeg(bytes));
  });

  it('thousands of scans are not read on', () => {
    // The first scan has the DC terms of 64 blocks, two bits each; the others a run of empty bands.
    const scans = Array.from({ length: 2000 }, () => [...AC_SCAN, 0xa0, 0]).flat();
    const bytes = bomb(0xc2, 64, ...DC_SCAN, ...new Array<number>(16).fill(0), ...scans);
    expect(() => decodeJpeg(bytes)).toThrow(/more than 500 scans/);
  });

  it('many definitions of tables are no work unless a scan uses them', () => {
    const table = [0xff, 0xc4, 0, 20, 0, 1, ...new Array<number>(15).fill(0), 0];
    const tables = Array.from({ length: 20000 }, () => table).flat();
    const bytes = file();
    const frame = 2;
    const many = new Uint8Array(bytes.length + tables.length);
    many.set(bytes.subarray(0, frame));
    many.set(tables, frame);
    many.set(bytes.subarray(frame), frame + tables.length);
    expect(decodeJpeg(many).data).toEqual(decodeJpeg(bytes).data);
  });
});
