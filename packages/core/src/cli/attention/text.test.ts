import { describe, expect, it } from 'vitest';
import { type Canvas, newCanvas } from './canvas.js';
import { clusters } from './glyphs.js';
import { segments } from './strokes.js';
import { drawText, shortened, textWidth, wrapText } from './text.js';

const style = { size: 40, weight: 80, colour: [0, 0, 0] } as const;
const paper = () => newCanvas({ width: 60, height: 70 }, [255, 255, 255]);

function ink(text: string): { canvas: Canvas; dark: number } {
  const canvas = paper();
  drawText(canvas, text, 8, 48, style);
  return { canvas, dark: canvas.data.reduce((sum, value) => sum + (255 - value), 0) };
}

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

describe('the typeface', () => {
  it('has every printable ASCII character, no two alike', () => {
    const pictures = ASCII.map((character) =>
      Buffer.from(ink(character).canvas.data).toString('latin1'),
    );
    expect(new Set(pictures).size).toBe(95);
    for (const character of ASCII.slice(1)) expect(ink(character).dark).toBeGreaterThan(0);
    // None of them is the box that stands for what is missing.
    expect(pictures).not.toContain(Buffer.from(ink('漢').canvas.data).toString('latin1'));
  });

  it('keeps its characters between the lines: nothing above 0.85 em or below 0.27 em', () => {
    for (const character of ASCII) {
      for (const { glyph } of clusters(character)) {
        for (const { y1, y2 } of segments(glyph.strokes)) {
          expect(Math.max(y1, y2)).toBeLessThan(810);
          expect(Math.min(y1, y2)).toBeGreaterThan(-230);
        }
      }
    }
  });

  it('composes accented letters, whichever way they are written', () => {
    expect(ink('é').canvas.data).toEqual(ink('e\u0301').canvas.data);
    for (const [accented, plain] of ['ée', 'Åa', 'çc', 'ñn', 'žz', 'ïi'].map((pair) => [...pair])) {
      expect(ink(accented ?? '').canvas.data).not.toEqual(ink(plain ?? '').canvas.data);
      expect(ink(accented ?? '').canvas.data).not.toEqual(ink('漢').canvas.data);
    }
    // ï has two dots, not three.
    expect(ink('ï').dark).toBeLessThan(1.2 * (ink('i').dark + ink('.').dark));
  });

  it('has likenesses and a box for the rest', () => {
    expect(ink('“').canvas.data).toEqual(ink('"').canvas.data);
    expect(ink('–').canvas.data).toEqual(ink('-').canvas.data);
    expect(ink('漢').canvas.data).toEqual(ink('字').canvas.data);
  });
});

describe('drawing', () => {
  it('covers each pixel by its share, as drawing at eight times the size and shrinking does', () => {
    const times = 8;
    const small = ink('g&a').canvas;
    const large = newCanvas(
      { width: small.width * times, height: small.height * times },
      [255, 255, 255],
    );
    drawText(large, 'g&a', 8 * times, 48 * times, { ...style, size: style.size * times });
    let worst = 0;
    let total = 0;
    for (let y = 0; y < small.height; y++) {
      for (let x = 0; x < small.width; x++) {
        let sum = 0;
        for (let dy = 0; dy < times; dy++) {
          for (let dx = 0; dx < times; dx++) {
            sum += large.data[3 * ((y * times + dy) * large.width + x * times + dx)] ?? 0;
          }
        }
        const difference = Math.abs(
          (small.data[3 * (y * small.width + x)] ?? 0) - sum / times ** 2,
        );
        worst = Math.max(worst, difference);
        total += difference;
      }
    }
    expect(total / (small.width * small.height)).toBeLessThan(2);
    expect(worst).toBeLessThan(80);
  });

  it('leaves out what lies beside the canvas', () => {
    const canvas = paper();
    drawText(canvas, 'mmmmmmmm', -50, 10, style);
    expect(canvas.data.length).toBe(3 * 60 * 70);
  });
});

describe('wrapText', () => {
  const width = textWidth('a brown dog runs', style);

  it('breaks into as few lines as fit, evenly', () => {
    const lines = wrapText('a brown dog runs through the grass', width, style);
    expect(lines).toEqual(['a brown dog', 'runs through', 'the grass']);
    for (const line of lines) expect(textWidth(line, style)).toBeLessThanOrEqual(width);
    expect(wrapText('a dog', width, style)).toEqual(['a dog']);
    expect(wrapText('', width, style)).toEqual(['']);
  });

  it('cuts a word that no line can hold', () => {
    const [line = ''] = wrapText('donaudampfschifffahrtsgesellschaft', width, style);
    expect(line).toMatch(/^donau.*\.\.\.$/);
    expect(textWidth(line, style)).toBeLessThanOrEqual(width);
  });

  it('is nothing but dots where nothing fits', () => {
    expect(shortened('dog', 1, style)).toBe('...');
  });
});
