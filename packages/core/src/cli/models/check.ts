import { type CaptionError, loadCaptioner } from '../../index.js';
import type { ModelsCommand } from './command.js';
import { findFolder } from './folder.js';

/** Sky over a green field, a dark disc in it: something to look at that needs no file. */
function testPicture() {
  const [width, height] = [320, 240] as const;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const disc = (x - 200) ** 2 + (y - 140) ** 2 < 50 ** 2;
      const colour = disc ? [60, 40, 30] : y < 120 ? [120, 170, 230] : [80, 150 - (y % 9), 60];
      data.set(colour, (y * width + x) * 3);
    }
  }
  return { width, height, data, channels: 3 } as const;
}

/**
 * `zipcaption models check <model>`: loads it, captions a picture with one beam and with three, and
 * checks that the scores are finite. Exit code 0 if the model works.
 */
export async function check(command: ModelsCommand, operand: string): Promise<number> {
  const source = await findFolder(operand);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const started = performance.now();
  try {
    const captioner = await loadCaptioner({
      model: source.name,
      ...(command.dtype && { dtype: command.dtype }),
      ...(command.runtime && { runtime: command.runtime }),
    });
    const { name, license } = captioner.model;
    say(`${name} (licence: ${license}): loaded in ${seconds(started)} s`);
    for (const numBeams of [1, 3]) {
      const from = performance.now();
      const { text, score, tokens, timings } = await captioner.caption(
        command.photo ?? testPicture(),
        { numBeams },
      );
      if (!Number.isFinite(score)) {
        say(
          `FAILED: the score of the caption is ${score}; the weights or the number format are damaged.`,
        );
        return 1;
      }
      const each = (timings.search / Math.max(1, tokens.length)).toFixed(0);
      say(
        `${numBeams} beam${numBeams > 1 ? 's' : ''}: "${text}" (${seconds(from)} s, ${each} ms a token)`,
      );
    }
    await captioner.dispose();
    say('The model works.');
    return 0;
  } catch (error) {
    const { code, message } = error as CaptionError;
    if (!code) throw error;
    say(`FAILED (${code}): ${message}`);
    return 1;
  }
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}
