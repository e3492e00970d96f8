import { EngineError } from '../../src/engine/errors.js';
import { EngineSession } from '../../src/engine/session.js';
import { EngineTensor } from '../../src/engine/tensor.js';
import { generator } from './random-tensors.js';

/** A copy with a few bytes changed, cut out, put in or cut off. */
export function damaged(file: Uint8Array, seed: number): Uint8Array {
  const next = generator(seed);
  const at = (length: number) => Math.floor(next() * length);
  let bytes = Uint8Array.from(file);
  const count = 1 + at(4);
  for (let i = 0; i < count; i++) {
    const place = at(bytes.length);
    switch (at(6)) {
      case 0:
        bytes = bytes.slice(0, place);
        break;
      case 1:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, place),
          ...bytes.subarray(place + 1 + at(9)),
        ]);
        break;
      case 2: {
        const more = Array.from({ length: 1 + at(9) }, () => at(256));
        bytes = Uint8Array.from([...bytes.subarray(0, place), ...more, ...bytes.subarray(place)]);
        break;
      }
      case 3:
        bytes[place] = 0xff;
        break;
      default:
        bytes[place] = at(256);
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

/** More than any of the small networks of these tests needs, damaged or not. */
export const MOST_MEMORY = 1.5 * 2 ** 30;

/**
 * Loads a damaged network and runs it if it loads.
 *
 * @returns what became of it
 * @throws whatever is no EngineError
 */
export async function survive(file: Uint8Array): Promise<'invalid' | 'unsupported' | 'ran'> {
  let session: EngineSession | undefined;
  try {
    session = await EngineSession.create(file, { products: 'int16' });
    const feeds = Object.fromEntries(
      session.inputMetadata.map(({ name, type, shape }) => {
        const dims = shape.map((side) => (typeof side === 'number' ? Math.min(side, 300) : 2));
        const size = dims.reduce((product, side) => product * side, 1);
        if (size > 2 ** 22) throw new EngineError('invalid', 'larger than these tests run');
        const data =
          type === 'float32'
            ? new Float32Array(size)
            : type === 'int64'
              ? new BigInt64Array(size)
              : type === 'int32'
                ? new Int32Array(size)
                : new Uint8Array(size);
        return [name, new EngineTensor(type, data, dims)];
      }),
    );
    await session.run(feeds);
    if (session.memoryBytes > MOST_MEMORY)
      throw new Error(`${session.memoryBytes} bytes were taken.`);
    return 'ran';
  } catch (error) {
    if (error instanceof EngineError && error.reason !== 'unavailable') return error.reason;
    throw error;
  } finally {
    await session?.release();
  }
}
