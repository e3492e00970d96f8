import type { Network, Node } from '../onnx/network.js';
import { type Constant, FLOAT32_MAX } from '../onnx/tensor.js';
import { floatsOf } from './weights.js';

/** What is done to the sums of a product before they are stored. */
export interface Epilogue {
  /** A weight of one number a column, added. */
  readonly bias?: string;
  readonly low?: number;
  readonly high?: number;
  /** A tensor of the result's shape, added. */
  readonly residual?: string;
  /** The residual comes before the limits. */
  readonly addFirst?: boolean;
}

export interface FusedNode extends Node {
  readonly epilogue: Epilogue;
}

/**
 * Joins each convolution and matrix product with the bias, limits (`Clip`, `Relu`) and residual sum
 * that follow it, where nothing else reads what lies between.
 */
export function fuse(network: Network): FusedNode[] {
  const { nodes, constants } = network;
  const kept = new Set(network.outputs.map(({ name }) => name));
  const readers = new Map<string, number[]>();
  nodes.forEach(({ inputs }, place) => {
    for (const name of inputs) {
      const known = readers.get(name);
      if (known) known.push(place);
      else readers.set(name, [place]);
    }
  });
  const gone = new Set<number>();
  const placed = new Map<number, FusedNode>();

  nodes.forEach((node, place) => {
    if (gone.has(place)) return;
    let fused: FusedNode = { ...node, epilogue: {} };
    let last = place;
    while (isProduct(node, constants)) {
      const [output = ''] = fused.outputs;
      const [next, ...others] = readers.get(output) ?? [];
      if (next === undefined || others.length > 0 || kept.has(output) || gone.has(next)) break;
      const follower = nodes[next];
      const epilogue = follower && joined(fused, follower, constants);
      if (!follower || !epilogue) break;
      fused = { ...fused, outputs: follower.outputs, epilogue };
      gone.add(last);
      gone.add(next);
      last = next;
    }
    // Where its last part stood: whatever that one reads is there by then.
    placed.set(last, fused);
  });
  return [...placed].sort(([a], [b]) => a - b).map(([, node]) => node);
}

function isProduct({ operator, inputs }: Node, constants: ReadonlyMap<string, Constant>): boolean {
  const [, weight = ''] = inputs;
  if (operator === 'MatMul') return constants.get(weight)?.dims.length === 2;
  return (operator === 'Conv' || operator === 'Gemm') && constants.has(weight);
}

function joined(
  { operator, inputs, outputs, epilogue }: FusedNode,
  follower: Node,
  constants: ReadonlyMap<string, Constant>,
): Epilogue | undefined {
  const [output = ''] = outputs;
  const isLimited = epilogue.low !== undefined || epilogue.high !== undefined;
  if (follower.operator === 'Relu' && !isLimited) {
    // Limits that come after a sum come after both of its parts.
    return { ...epilogue, low: 0, addFirst: epilogue.residual !== undefined };
  }
  if (follower.operator === 'Clip' && !isLimited) {
    const [, low = '', high = ''] = follower.inputs;
    const limits = {
      low: low === '' ? -FLOAT32_MAX : numberOf(low, constants),
      high: high === '' ? FLOAT32_MAX : numberOf(high, constants),
    };
    if (limits.low === undefined || limits.high === undefined) return undefined;
    return {
      ...epilogue,
      low: limits.low,
      high: limits.high,
      addFirst: epilogue.residual !== undefined,
    };
  }
  if (follower.operator !== 'Add' || epilogue.residual !== undefined) return undefined;
  const [a = '', b = ''] = follower.inputs;
  if (a === b) return undefined;
  const other = a === output ? b : a;
  const constant = constants.get(other);
  const columns = constants.get(inputs[1] ?? '')?.dims[1];
  const isBias =
    constant?.kind === 'plain' && constant.dims.length === 1 && constant.dims[0] === columns;
  if (operator === 'MatMul' && isBias && !epilogue.bias && !isLimited) {
    return { ...epilogue, bias: other };
  }
  // Of the same shape it becomes part of the product, of another it is added afterwards.
  return { ...epilogue, residual: other, addFirst: false };
}

/** A limit's value, if it is a weight. */
function numberOf(name: string, constants: ReadonlyMap<string, Constant>): number | undefined {
  const constant = constants.get(name);
  return constant?.data.length === 1 ? floatsOf(constant)[0] : undefined;
}
