import { fields, text } from '../../engine/onnx/protobuf.js';
import type { FileBytes } from '../source.js';

/*
 * An ONNX file (onnx.proto) as far as its graph has to be changed before it is loaded. Weights are
 * never read: what is written anew refers to where they lie in the original file.
 */

/** One operator. */
export interface GraphNode {
  /** The `NodeProto`. */
  readonly message: Uint8Array;
  readonly operator: string;
  /** What it reads, in its subgraphs, too. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A weight: where its `TensorProto` lies in the file, and in that its numbers. */
export interface Weight {
  readonly name: string;
  readonly message: Span;
  readonly raw?: Span;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An input or output: its name, and the `ValueInfoProto` that says its type. */
export interface Port {
  readonly name: string;
  readonly message: Uint8Array;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly weights: readonly Weight[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export interface OnnxFile {
  readonly file: FileBytes;
  /** The model's fields other than its graph: versions and operator sets, as they are. */
  readonly head: readonly Uint8Array[];
  readonly graph: Graph;
}

const MODEL = { irVersion: 1, graph: 7, opset: 8, functions: 25 } as const;
const GRAPH = { node: 1, weight: 5, input: 11, output: 12, sparse: 15 } as const;
const NODE = { input: 1, output: 2, operator: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, graph: 6, graphs: 11 } as const;
const TENSOR = { name: 8, raw: 9 } as const;

/** @returns undefined where the file has what is not read here */
export function readOnnxFile(file: FileBytes): OnnxFile | undefined {
  const head: Uint8Array[] = [];
  let graph: Graph | undefined;
  for (const part of parts(file, { start: 0, end: file.size })) {
    if (part.number === MODEL.graph) graph = readGraph(file, part);
    else if (part.number === MODEL.irVersion || part.number === MODEL.opset) {
      head.push(file.bytes(part.from, part.end));
    } else if (part.number === MODEL.functions) return undefined;
  }
  return graph && { file, head, graph };
}

/** One of the two graphs of an `If`, by the name of its attribute. */
export function branch(file: FileBytes, node: Span, name: string): Graph | undefined {
  for (const part of parts(file, node)) {
    if (part.number !== NODE.attribute) continue;
    let graph: Span | undefined;
    let isIt = false;
    for (const field of parts(file, part)) {
      if (field.number === ATTRIBUTE.graph) graph = field;
      if (field.number === ATTRIBUTE.name) {
        isIt = text(file.bytes(field.start, field.end)) === name;
      }
    }
    if (isIt && graph) return readGraph(file, graph);
  }
  return undefined;
}

/** Beyond this a node holds networks of its own; its message is then left where it is. */
const LARGEST_NODE = 1 << 20;

function readGraph(file: FileBytes, span: Span): Graph | undefined {
  const nodes: GraphNode[] = [];
  const weights: Weight[] = [];
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const port = (part: Span): Port => {
    const message = file.bytes(part.start, part.end);
    return { name: textIn(message, 1), message };
  };
  for (const part of parts(file, span)) {
    if (part.number === GRAPH.node) nodes.push(readNode(file, part));
    else if (part.number === GRAPH.weight) weights.push(readWeight(file, part));
    else if (part.number === GRAPH.input) inputs.push(port(part));
    else if (part.number === GRAPH.output) outputs.push(port(part));
    else if (part.number === GRAPH.sparse) return undefined;
  }
  const known = new Set(weights.map(({ name }) => name));
  // Old exports list their weights among the inputs.
  return { nodes, weights, inputs: inputs.filter(({ name }) => !known.has(name)), outputs };
}

function readNode(file: FileBytes, span: Span): GraphNode & { readonly span: Span } {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let operator = '';
  const read = (part: Span) => text(file.bytes(part.start, part.end));
  for (const part of parts(file, span)) {
    if (part.number === NODE.input) inputs.push(read(part));
    else if (part.number === NODE.output) outputs.push(read(part));
    else if (part.number === NODE.operator) operator = read(part);
    else if (part.number === NODE.attribute) inputs.push(...namesInside(file, part));
  }
  const message =
    span.end - span.start > LARGEST_NODE
      ? new Uint8Array(0)
      : file.bytes(span.start, span.end).slice();
  return { message, operator, inputs, outputs, span };
}

/** What the graphs in an attribute read; their own names among it do no harm. */
function namesInside(file: FileBytes, attribute: Span): string[] {
  const names: string[] = [];
  for (const part of parts(file, attribute)) {
    if (part.number !== ATTRIBUTE.graph && part.number !== ATTRIBUTE.graphs) continue;
    const graph = readGraph(file, part);
    for (const node of graph?.nodes ?? []) names.push(...node.inputs);
    for (const { name } of graph?.outputs ?? []) names.push(name);
  }
  return names;
}

function readWeight(file: FileBytes, span: Span): Weight {
  let name = '';
  let raw: Span | undefined;
  for (const part of parts(file, span)) {
    if (part.number === TENSOR.name) name = text(file.bytes(part.start, part.end));
    if (part.number === TENSOR.raw) raw = { start: part.start, end: part.end };
  }
  return { name, message: { start: span.start, end: span.end }, ...(raw && { raw }) };
}

function textIn(message: Uint8Array, number: number): string {
  for (const field of fields(message)) if (field.number === number) return text(field.bytes);
  return '';
}

/** A field of a message: `from` is where its tag is, `start` to `end` its content. */
export interface Part extends Span {
  readonly number: number;
  readonly from: number;
}

/** Longest tag and length. */
const LONGEST_HEAD = 20;

/**
 * The fields of a message without their contents.
 *
 * @throws RangeError when the file is cut off or no ONNX file
 */
export function* parts(file: FileBytes, { start, end }: Span): Generator<Part> {
  let at = start;
  while (at < end) {
    const from = at;
    const head = file.bytes(at, Math.min(at + LONGEST_HEAD, end));
    let position = 0;
    const varint = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = head[position++];
        if (byte === undefined) throw new RangeError('The ONNX file is cut off.');
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    const tag = varint();
    const kind = tag & 7;
    const number = Math.floor(tag / 8);
    let length = 0;
    if (kind === 0) {
      const before = position;
      varint();
      at += position;
      yield { number, from, start: from + before, end: at };
      continue;
    }
    if (kind === 2) length = varint();
    else if (kind === 1) length = 8;
    else if (kind === 5) length = 4;
    else throw new RangeError('The bytes are not an ONNX file.');
    const content = at + position;
    at = content + length;
    if (at > end) throw new RangeError('The ONNX file is cut off.');
    yield { number, from, start: content, end: at };
  }
}
