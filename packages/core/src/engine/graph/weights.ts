import { unsupported } from '../errors.js';
import type { Network, Node } from '../onnx/network.js';
import { type Constant, elements, type Int8Constant, wholeConstant } from '../onnx/tensor.js';

/**
 * Takes out of a network what only prepares its weights: `Constant`, `Identity` of a weight, `Cast` of
 * a float16 one, and int8 weights behind `Cast` and `Mul` or `DequantizeLinear`, which stay int8 and
 * take their scales along.
 */
export function foldWeights(network: Network): Network {
  const constants = new Map(network.constants);
  const nodes = network.nodes.filter((node) => {
    const constant = preparedWeight(node, constants);
    const [output] = node.outputs;
    if (!constant || output === undefined) return true;
    constants.set(output, constant);
    return false;
  });
  refuseCutNumbers(network, nodes, constants);
  refuseStoredTypes(nodes, constants);
  return { ...network, nodes, constants };
}

/** Operators that hand numbers on as they are. */
const CARRIERS: ReadonlySet<string> = new Set([
  'Concat',
  'Identity',
  'Reshape',
  'Slice',
  'Squeeze',
  'Unsqueeze',
]);

/** More of them, of numbers that are held exactly. */
const MOVERS: ReadonlySet<string> = new Set([
  ...CARRIERS,
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'Split',
  'Tile',
  'Transpose',
]);

/**
 * Numbers of float16, int8 and uint8 are held in wider types. They may be moved and cast, which is exact; what
 * else is done with them is rounded, or overflows, in their own type.
 */
function refuseStoredTypes(nodes: readonly Node[], constants: ReadonlyMap<string, Constant>): void {
  const narrow = new Map<string, string>();
  for (const [name, constant] of constants) {
    const type = storedType(constant);
    if (type) narrow.set(name, type);
  }
  for (const { operator, inputs, outputs } of nodes) {
    const type = inputs.map((name) => narrow.get(name)).find((found) => found !== undefined);
    if (!type || operator === 'Cast' || operator === 'Shape') continue;
    if (!MOVERS.has(operator)) throw unsupported(`${operator} of ${type} numbers`);
    for (const output of outputs) narrow.set(output, type);
  }
}

function storedType(constant: Constant): 'float16' | 'uint8' | 'int8' | undefined {
  if (constant.kind === 'int8') return constant.scaled ? undefined : 'int8';
  return constant.stored;
}

/**
 * Numbers beyond 32 bits may only be places of `Slice`, to which they are beyond the end; directly, or handed
 * on by other operators.
 */
function refuseCutNumbers(
  { outputs: results }: Network,
  nodes: readonly Node[],
  constants: ReadonlyMap<string, Constant>,
): void {
  const cut = new Set<string>();
  for (const [name, constant] of constants) {
    if (constant.kind === 'plain' && constant.isCut) cut.add(name);
  }
  for (const { operator, inputs, outputs } of nodes) {
    if (!inputs.some((name) => cut.has(name))) continue;
    if (!CARRIERS.has(operator)) {
      throw unsupported(`${operator} with whole numbers beyond 32 bits`);
    }
    const [data = ''] = inputs;
    if (operator === 'Slice' && !cut.has(data)) continue;
    for (const output of outputs) cut.add(output);
  }
  const result = results.find(({ name }) => cut.has(name));
  if (result) throw unsupported(`The output "${result.name}" of whole numbers beyond 32 bits`);
}

const TO_FLOAT = 1;

function preparedWeight(
  { operator, inputs, attributes }: Node,
  constants: ReadonlyMap<string, Constant>,
): Constant | undefined {
  const [first, second, third] = inputs.map((name) => constants.get(name));
  switch (operator) {
    case 'Constant':
      return constantOf(attributes);
    case 'Identity':
      return first;
    case 'Cast':
      if (attributes.to !== TO_FLOAT || !first) return undefined;
      if (first.kind === 'int8')
        return first.scaled ? first : scaledBy(first, Float32Array.of(1), -1);
      return first.type === 'float32' ? { ...first, stored: undefined } : undefined;
    case 'Mul':
      if (first?.kind === 'int8') return multiplied(first, second);
      return second?.kind === 'int8' ? multiplied(second, first) : undefined;
    case 'DequantizeLinear': {
      if (first?.kind !== 'int8' || first.scaled || second?.kind !== 'plain') return undefined;
      if (third && !third.data.every((zero) => zero === 0)) return undefined;
      if (inputs[2] && !third) return undefined;
      // One scale for each block of an axis, not for each place.
      if (second.dims.length > 1) return undefined;
      // Then the weights are rounded to float16, too.
      if (second.stored) return undefined;
      const axis = typeof attributes.axis === 'number' ? attributes.axis : 1;
      const scales = floatsOf(second);
      const place = axis < 0 ? axis + first.dims.length : axis;
      if (scales.length !== 1 && scales.length !== first.dims[place]) return undefined;
      return scaledBy(first, scales, place);
    }
    default:
      return undefined;
  }
}

function constantOf(attributes: Node['attributes']): Constant | undefined {
  const { value, value_int, value_ints, value_float, value_floats } = attributes;
  if (typeof value === 'object' && 'kind' in value && value.kind !== 'unread') return value;
  const ints = value_ints ?? value_int;
  const floats = value_floats ?? value_float;
  const list = (numbers: typeof ints) =>
    Array.isArray(numbers) ? (numbers as number[]) : typeof numbers === 'number' ? [numbers] : [];
  const dims = (numbers: typeof ints) => (Array.isArray(numbers) ? [numbers.length] : []);
  if (ints !== undefined) {
    return wholeConstant('int64', dims(ints), list(ints));
  }
  if (floats === undefined) return undefined;
  return {
    kind: 'plain',
    type: 'float32',
    dims: dims(floats),
    data: Float32Array.from(list(floats)),
  };
}

function scaledBy(weight: Int8Constant, scales: Float32Array, axis: number): Int8Constant {
  return { ...weight, scaled: { scales, axis } };
}

/** int8 × factors that differ along one axis at most. */
function multiplied(weight: Int8Constant, factors: Constant | undefined): Int8Constant | undefined {
  const isCast = weight.scaled?.axis === -1 && weight.scaled.scales[0] === 1;
  if (factors?.kind !== 'plain' || factors.type !== 'float32' || factors.stored || !isCast)
    return undefined;
  const missing = weight.dims.length - factors.dims.length;
  if (missing < 0) return undefined;
  const dims = [...new Array<number>(missing).fill(1), ...factors.dims];
  const long = dims.flatMap((side, axis) => (side === 1 ? [] : [axis]));
  if (elements(dims) === 1) return scaledBy(weight, floatsOf(factors), 0);
  const [axis] = long;
  if (long.length !== 1 || axis === undefined || dims[axis] !== weight.dims[axis]) return undefined;
  return scaledBy(weight, floatsOf(factors), axis);
}

/** The floats that a constant stands for. */
export function floatsOf(constant: Constant): Float32Array {
  if (constant.kind === 'plain') {
    return constant.data instanceof Float32Array ? constant.data : new Float32Array(constant.data);
  }
  const { data, dims, scaled } = constant;
  if (!scaled) return Float32Array.from(data);
  const { scales, axis } = scaled;
  const result = new Float32Array(data.length);
  const inner = elements(dims.slice(axis + 1));
  const single = scales.length === 1;
  for (let i = 0; i < data.length; i++) {
    const place = single ? 0 : Math.floor(i / inner) % scales.length;
    result[i] = (data[i] ?? 0) * (scales[place] ?? 0);
  }
  return result;
}
