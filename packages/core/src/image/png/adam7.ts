import type { Size } from '../types.js';

/** Every pixel of a pass: x = `left`, `left + across`, …; y = `top`, `top + down`, … */
export interface Pass extends Size {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

/** PNG, third edition, section 8.2. */
const ADAM7 = [
  { left: 0, top: 0, across: 8, down: 8 },
  { left: 4, top: 0, across: 8, down: 8 },
  { left: 0, top: 4, across: 4, down: 8 },
  { left: 2, top: 0, across: 4, down: 4 },
  { left: 0, top: 2, across: 2, down: 4 },
  { left: 1, top: 0, across: 2, down: 2 },
  { left: 0, top: 1, across: 1, down: 2 },
] as const;

const WHOLE = { left: 0, top: 0, across: 1, down: 1 };

/** The passes that a picture comes in, empty ones left out; one pass when it is not interlaced. */
export function passesOf({ width, height }: Size, interlaced: boolean): readonly Pass[] {
  return (interlaced ? ADAM7 : [WHOLE])
    .map((pass) => ({
      ...pass,
      width: Math.ceil((width - pass.left) / pass.across),
      height: Math.ceil((height - pass.top) / pass.down),
    }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Whether a pixel is among the first `passesDone` passes, or the first `rowsDone` rows of the next. */
export function isInPasses(
  passes: readonly Pass[],
  passesDone: number,
  rowsDone: number,
): (x: number, y: number) => boolean {
  return (x, y) => {
    const index = passes.findIndex(
      (pass) => x % pass.across === pass.left && y % pass.down === pass.top,
    );
    const pass = passes[index];
    if (!pass || index > passesDone) return false;
    return index < passesDone || (y - pass.top) / pass.down < rowsDone;
  };
}
