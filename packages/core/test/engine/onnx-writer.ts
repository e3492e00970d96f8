/* Writes ONNX files for tests: protobuf by hand, so that nothing is shared with the reader. */

export type Numbers = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

export interface TestTensor {
  readonly dims: readonly number[];
  readonly data: Numbers;
  /** Written as float16 (bits in a Uint16Array) or bool instead of what the array suggests. */
  readonly as?: 'float16' | 'bool';
}

export interface TestNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers are written as INT(S); floats as `{ float }`, texts as strings, tensors as tensors. */
  readonly attributes?: Readonly<
    Record<string, number | string | readonly number[] | { readonly float: number } | TestTensor>
  >;
}

export interface TestNetwork {
  readonly nodes: readonly TestNode[];
  readonly weights?: Readonly<Record<string, TestTensor & { readonly half?: Uint16Array }>>;
  readonly inputs: Readonly<
    Record<string, { readonly type: ElementName; readonly shape: Shape | undefined }>
  >;
  readonly outputs: Readonly<Record<string, ElementName>>;
  readonly opset?: number;
}

export type Shape = readonly (number | string)[];
export type ElementName = keyof typeof TYPES;

const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return bytes;
}

type Bytes = Uint8Array;

function concat(parts: readonly (Bytes | readonly number[])[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(length);
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

const whole = (field: number, value: number | bigint) =>
  Uint8Array.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, content: Bytes) =>
  concat([varint((field << 3) | 2), varint(content.length), content]);
const text = (field: number, content: string) => bytes(field, new TextEncoder().encode(content));
const float = (field: number, value: number) =>
  concat([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);

function typeOf({ data, as }: TestTensor, half?: Uint16Array): number {
  if (half || as === 'float16') return TYPES.float16;
  if (as === 'bool') return TYPES.bool;
  if (data instanceof Float32Array) return TYPES.float32;
  if (data instanceof BigInt64Array) return TYPES.int64;
  if (data instanceof Int32Array) return TYPES.int32;
  return data instanceof Int8Array ? TYPES.int8 : TYPES.uint8;
}

function tensor(name: string, value: TestTensor, half?: Uint16Array): Bytes {
  const raw = half ?? value.data;
  return concat([
    ...value.dims.map((side) => whole(1, side)),
    whole(2, typeOf(value, half)),
    text(8, name),
    bytes(9, new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)),
  ]);
}

function attribute(name: string, value: NonNullable<TestNode['attributes']>[string]): Bytes {
  const named = text(1, name);
  if (typeof value === 'string') return concat([named, text(4, value), whole(20, 3)]);
  if (typeof value === 'number') return concat([named, whole(3, value), whole(20, 2)]);
  if ('float' in value) return concat([named, float(2, value.float), whole(20, 1)]);
  if ('dims' in value) return concat([named, bytes(5, tensor('', value)), whole(20, 4)]);
  return concat([named, ...value.map((one) => whole(8, one)), whole(20, 7)]);
}

function port(name: string, type: ElementName, shape: Shape | undefined): Bytes {
  const sides = shape?.map((side) =>
    bytes(1, typeof side === 'number' ? whole(1, side) : text(2, side)),
  );
  const tensorType = concat([whole(1, TYPES[type]), ...(sides ? [bytes(2, concat(sides))] : [])]);
  return concat([text(1, name), bytes(2, bytes(1, tensorType))]);
}

/** The network as an ONNX file. */
export function writeOnnx(network: TestNetwork): Uint8Array {
  const graph = concat([
    ...network.nodes.map(({ op, inputs, outputs, attributes = {} }) =>
      bytes(
        1,
        concat([
          ...inputs.map((name) => text(1, name)),
          ...outputs.map((name) => text(2, name)),
          text(4, op),
          ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
        ]),
      ),
    ),
    text(2, 'test'),
    ...Object.entries(network.weights ?? {}).map(([name, value]) =>
      bytes(5, tensor(name, value, value.half)),
    ),
    ...Object.entries(network.inputs).map(([name, { type, shape }]) =>
      bytes(11, port(name, type, shape)),
    ),
    ...Object.entries(network.outputs).map(([name, type]) =>
      bytes(12, port(name, type, undefined)),
    ),
  ]);
  return concat([
    whole(1, 8),
    bytes(7, graph),
    bytes(8, concat([text(1, ''), whole(2, network.opset ?? 17)])),
  ]);
}
