import type { FileBytes } from '../source.js';
import { type Graph, type OnnxFile, type Port, parts, type Weight } from './onnx-file.js';

/* Writes a graph as an ONNX file whose large weights stay in the file that they came from. */

const encoder = new TextEncoder();

/** Protocol Buffers' variable-length number. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** A field that holds a number. */
export function numberField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

/** A field that holds a text or a message. */
export function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? encoder.encode(content) : content;
  return joined([Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** `TensorProto.DataType` of the types that tensors between two networks have. */
const TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, uint8: 2, int8: 3 } as const;
export type ElementType = keyof typeof TYPES;

/** A port of that type, its shape left open. */
export function port(name: string, type: ElementType): Port {
  const tensor = field(1, numberField(1, TYPES[type]));
  return { name, message: joined([field(1, name), field(2, tensor)]) };
}

/** A port whose type the runtime finds out. */
export function untypedPort(name: string): Port {
  return { name, message: field(1, name) };
}

/** A node without attributes. */
export function plainNode(operator: string, inputs: readonly string[], output: string): Uint8Array {
  return joined([
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    ...[field(3, `zipcaption/${output}`), field(4, operator)],
  ]);
}

/** A weight of whole numbers (int64), one axis long. */
export function wholeNumbers(name: string, values: readonly number[]): Uint8Array {
  const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return joined([numberField(1, values.length), numberField(2, 7), field(8, name), field(9, raw)]);
}

/** Weights up to this many bytes are copied: shapes and scales, whose values the runtime looks at. */
const SMALL = 1024;

/**
 * Nodes and weights of a graph.
 *
 * @param location the name under which the runtime finds the original file
 * @param added    weights that are not in the original file
 */
export function graphBody(
  file: FileBytes,
  { nodes, weights }: Pick<Graph, 'nodes' | 'weights'>,
  location: string,
  added: readonly Uint8Array[] = [],
): Uint8Array {
  const tensor = ({ message, raw }: Weight): Uint8Array => {
    if (!raw || raw.end - raw.start <= SMALL) return file.bytes(message.start, message.end).slice();
    const kept = [...parts(file, message)].filter((part) => part.start !== raw.start);
    const entry = (key: string, value: string | number) =>
      field(13, joined([field(1, key), field(2, String(value))]));
    return joined([
      ...kept.map((part) => file.bytes(part.from, part.end).slice()),
      entry('location', location),
      entry('offset', raw.start),
      entry('length', raw.end - raw.start),
      // TensorProto.DataLocation.EXTERNAL
      numberField(14, 1),
    ]);
  };
  return joined([
    ...nodes.map((node) => field(1, node.message)),
    field(2, 'zipcaption'),
    ...weights.map((weight) => field(5, tensor(weight))),
    ...added.map((weight) => field(5, weight)),
  ]);
}

/** An ONNX file. */
export function writeOnnxFile(
  { head }: Pick<OnnxFile, 'head'>,
  body: Uint8Array,
  { inputs, outputs }: Pick<Graph, 'inputs' | 'outputs'>,
): Uint8Array {
  const ports = [
    ...inputs.map(({ message }) => field(11, message)),
    ...outputs.map(({ message }) => field(12, message)),
  ];
  return joined([...head, field(7, joined([body, ...ports]))]);
}
