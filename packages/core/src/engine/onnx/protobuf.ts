import { invalid } from '../errors.js';

/*
 * Protocol Buffers, the few parts that an ONNX file has
 * (https://protobuf.dev/programming-guides/encoding/). Nothing is copied: bytes are views.
 */

/** One field of a message: its number, and where its content lies. */
export interface Field {
  readonly number: number;
  /** A number's value; 0 for a field of bytes. Beyond ±2⁵³ it loses digits. */
  readonly value: number;
  /** A field's bytes; of a fixed-width number too. */
  readonly bytes: Uint8Array;
}

const EMPTY = new Uint8Array(0);

/**
 * The fields of a message in order.
 *
 * @throws EngineError `invalid` when the bytes are cut off or no message
 */
export function* fields(message: Uint8Array): Generator<Field> {
  const reader = new Reader(message);
  while (!reader.atEnd) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    switch (tag & 7) {
      case 0:
        yield { number, value: reader.varint(), bytes: EMPTY };
        break;
      case 1:
        yield { number, value: 0, bytes: reader.take(8) };
        break;
      case 2:
        yield { number, value: 0, bytes: reader.take(reader.varint()) };
        break;
      case 5:
        yield { number, value: 0, bytes: reader.take(4) };
        break;
      default:
        throw invalid('The bytes are not an ONNX file, or a damaged one.');
    }
  }
}

class Reader {
  #position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.#position >= this.bytes.length;
  }

  varint(): number {
    const first = this.bytes[this.#position];
    if (first !== undefined && first < 0x80) {
      this.#position++;
      return first;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.#position++];
      if (byte === undefined) throw cutOff();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      // Negative numbers are written as 64 bits of two's complement.
      if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0);
    }
    throw invalid('A number in the ONNX file is longer than 64 bits: the file is damaged.');
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.bytes.length - this.#position)) throw cutOff();
    this.#position += length;
    return this.bytes.subarray(this.#position - length, this.#position);
  }
}

function cutOff(): Error {
  return invalid('The ONNX file is cut off or damaged: a part of it is longer than the file.');
}

const decoder = new TextDecoder();

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The numbers of a repeated field, packed into one or one by one. */
export function varints({ bytes, value }: Field): number[] {
  if (bytes.length === 0) return [value];
  const reader = new Reader(bytes);
  const result: number[] = [];
  while (!reader.atEnd) result.push(reader.varint());
  return result;
}

/** Little-endian float32 numbers. */
export function floats(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw cutOff();
  return new Float32Array(bytes.slice().buffer);
}
