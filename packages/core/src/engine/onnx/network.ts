import { invalid, unsupported } from '../errors.js';
import { fields, floats, text, varints } from './protobuf.js';
import { type Constant, DATA_TYPES, type ElementType, readTensor } from './tensor.js';

/** The time to plan a network grows faster than its operators; those of captioning networks are a few thousand. */
const MOST_NODES = 2 ** 14;

/** An attribute's value. */
export type Attribute = number | string | readonly number[] | Constant | Unread;
/** Of a kind that no operator here takes: a graph, a list of texts. */
export interface Unread {
  readonly kind: 'unread';
}

/** One operator of a network, with the names of what it reads and writes ('' for what is left out). */
export interface Node {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of the network. A side is a number, or a name where it differs from run to run. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** An ONNX network as it was read. */
export interface Network {
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * Reads an ONNX file (onnx.proto, IR versions 3 and later). Weights stay views of `file` where they
 * can.
 *
 * @throws EngineError
 */
export function readNetwork(file: Uint8Array): Network {
  // A Buffer's parts are Buffers, whose slices would not be copies.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  if (text(bytes.subarray(4, 8)) === 'ORTM') throw unsupported('The ORT format');
  let graph: Uint8Array | undefined;
  let opset = 0;
  for (const { number, bytes: content } of fields(bytes)) {
    if (number === 7) {
      if (graph) throw invalid('The ONNX file has two graphs: it is damaged.');
      graph = content;
    }
    if (number === 8) {
      const { domain, version } = readOpset(content);
      if (domain === '' || domain === 'ai.onnx') opset = version;
    }
  }
  if (!graph || opset === 0) {
    throw invalid('The bytes are not an ONNX network: they have no graph or no opset.');
  }
  if (opset < 11 || opset > 23) throw unsupported(`Opset ${opset} (11 to 23 are read)`);
  return checkNames(readGraph(graph, opset));
}

function readOpset(message: Uint8Array): { domain: string; version: number } {
  let domain = '';
  let version = 0;
  for (const { number, value, bytes } of fields(message)) {
    if (number === 1) domain = text(bytes);
    if (number === 2) version = value;
  }
  return { domain, version };
}

function readGraph(message: Uint8Array, opset: number): Network {
  const nodes: Node[] = [];
  const constants = new Map<string, Constant>();
  const inputs: ReturnType<typeof readPort>[] = [];
  const outputs: Port[] = [];
  for (const { number, bytes } of fields(message)) {
    switch (number) {
      case 1:
        nodes.push(readNode(bytes));
        break;
      case 5: {
        const { name, constant } = readTensor(bytes);
        constants.set(name, constant);
        break;
      }
      case 11:
        inputs.push(readPort(bytes));
        break;
      case 12:
        outputs.push(readPort(bytes));
        break;
      case 15:
        throw unsupported('Sparse weights');
    }
  }
  // Old exports list their weights among the inputs.
  const fed = inputs.filter(({ name }) => !constants.has(name));
  const unknown = fed.find(({ hasShape }) => !hasShape);
  if (unknown) throw unsupported(`An input of unknown rank ("${unknown.name}")`);
  if (nodes.length > MOST_NODES) throw unsupported(`A network of ${nodes.length} operators`);
  return { opset, nodes, constants, inputs: fed, outputs };
}

function readNode(message: Uint8Array): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, Attribute> = Object.create(null);
  let name = '';
  let operator = '';
  let domain = '';
  for (const { number, bytes } of fields(message)) {
    switch (number) {
      case 1:
        inputs.push(text(bytes));
        break;
      case 2:
        outputs.push(text(bytes));
        break;
      case 3:
        name = text(bytes);
        break;
      case 4:
        operator = text(bytes);
        break;
      case 5: {
        const attribute = readAttribute(bytes);
        attributes[attribute.name] = attribute.value;
        break;
      }
      case 7:
        domain = text(bytes);
        break;
    }
  }
  if (domain !== '' && domain !== 'ai.onnx') operator = `${domain}.${operator}`;
  return { operator, name, inputs, outputs, attributes };
}

function readAttribute(message: Uint8Array): { name: string; value: Attribute } {
  let name = '';
  let value: Attribute = { kind: 'unread' };
  let type = 0;
  const numbers: number[] = [];
  for (const field of fields(message)) {
    const { number, bytes } = field;
    switch (number) {
      case 1:
        name = text(bytes);
        break;
      case 2:
        value = floats(bytes)[0] ?? 0;
        break;
      case 3:
        value = field.value;
        break;
      case 4:
        value = text(bytes);
        break;
      case 5:
        value = readTensor(bytes).constant;
        break;
      case 7:
        for (const one of floats(bytes)) numbers.push(one);
        break;
      case 8:
        for (const one of varints(field)) numbers.push(one);
        break;
      case 20:
        type = field.value;
        break;
    }
  }
  // AttributeProto.AttributeType: an empty list has a type and nothing else; so has a zero.
  if (type === 6 || type === 7) value = numbers;
  if ((type === 1 || type === 2) && typeof value !== 'number') value = 0;
  return { name, value };
}

function readPort(message: Uint8Array): Port & { readonly hasShape: boolean } {
  let name = '';
  let elementType = 0;
  const shape: (number | string)[] = [];
  let hasShape = false;
  for (const { number, bytes } of fields(message)) {
    if (number === 1) name = text(bytes);
    if (number !== 2) continue;
    for (const type of fields(bytes)) {
      if (type.number !== 1) throw unsupported('Inputs or outputs other than tensors');
      for (const part of fields(type.bytes)) {
        if (part.number === 1) elementType = part.value;
        if (part.number === 2) {
          hasShape = true;
          for (const side of fields(part.bytes)) shape.push(readSide(side.bytes, shape.length));
        }
      }
    }
  }
  const type = DATA_TYPES[elementType];
  if (!type || type === 'float16' || type === 'int8' || type === 'uint8') {
    throw unsupported(`An input or output of type ${type ?? elementType} ("${name}")`);
  }
  return { name, type, shape, hasShape };
}

function readSide(message: Uint8Array, axis: number): number | string {
  for (const { number, value, bytes } of fields(message)) {
    if (number === 1 && value >= 0) return value;
    if (number === 2) return text(bytes);
  }
  return `side ${axis}`;
}

/** Every name is written once, and nothing is read that nobody writes. */
function checkNames(network: Network): Network {
  const known = new Set([...network.constants.keys(), ...network.inputs.map(({ name }) => name)]);
  const given = new Set(known);
  for (const { outputs } of network.nodes) {
    for (const name of outputs) {
      if (name === '') continue;
      if (given.has(name)) throw invalid(`"${name}" is given twice.`);
      given.add(name);
    }
  }
  for (const { operator, inputs } of network.nodes) {
    const missing = inputs.find((name) => name !== '' && !given.has(name));
    if (missing !== undefined)
      throw invalid(`${operator} reads "${missing}", which nothing gives.`);
  }
  for (const { name } of network.outputs) {
    if (!given.has(name)) throw invalid(`Nothing gives the output "${name}".`);
  }
  return { ...network, nodes: inOrder(network.nodes, known) };
}

/**
 * The operators so that each comes after those it reads from. ONNX wants them so; some converters (to float16)
 * append theirs at the end, and other runtimes do not mind.
 *
 * @param known the names that no operator gives
 */
function inOrder(nodes: readonly Node[], known: ReadonlySet<string>): readonly Node[] {
  const written = new Set(known);
  /** By a name that is not written yet, the operators that wait for it. */
  const waiting = new Map<string, Node[]>();
  const ordered: Node[] = [];
  const visit = (first: Node) => {
    const ready = [first];
    for (let node = ready.pop(); node; node = ready.pop()) {
      const missing = node.inputs.find((name) => name !== '' && !written.has(name));
      if (missing !== undefined) {
        const others = waiting.get(missing);
        if (others) others.push(node);
        else waiting.set(missing, [node]);
        continue;
      }
      ordered.push(node);
      for (const name of node.outputs) {
        written.add(name);
        ready.push(...(waiting.get(name) ?? []).reverse());
        waiting.delete(name);
      }
    }
  };
  nodes.forEach(visit);
  if (ordered.length < nodes.length) {
    const [name = ''] = waiting.keys();
    throw invalid(`The operators read from each other in a circle, by "${name}".`);
  }
  return ordered;
}
