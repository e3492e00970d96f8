import { branch, type Graph, type GraphNode, type OnnxFile, type Weight } from './onnx-file.js';
import {
  type ElementType,
  graphBody,
  plainNode,
  port,
  untypedPort,
  writeOnnxFile,
} from './write.js';

/*
 * Many exports compute what the decoder's attention needs of the photo, its keys and values, anew in
 * every step, though nothing in them changes. Here the graph is cut in two: what depends on the photo
 * alone, and the rest, which is told of it.
 */

/** A decoder in two networks. */
export interface SplitDecoder {
  /** Inputs of the part that depends on the photo alone. */
  readonly photoInputs: readonly string[];
  /** What the first part gives and the second takes. */
  readonly between: readonly string[];
  readonly photo: Uint8Array;
  /** @param types of the tensors `between` */
  step(types: (name: string) => ElementType | undefined): Uint8Array;
}

/** Operators that make it worth while. */
const PRODUCTS = /^(MatMul|Gemm|Conv|QLinearMatMul|ConvInteger)/;

/**
 * @param inputs   the decoder's inputs that belong to the photo
 * @param location the name under which the runtime finds the original file
 * @returns undefined where there is nothing to gain, or no way to cut
 */
export function splitAtPhoto(
  onnx: OnnxFile,
  inputs: readonly string[],
  location: string,
): SplitDecoder | undefined {
  const graph = withoutCacheSwitch(onnx);
  if (!graph || graph.nodes.some(({ message }) => message.length === 0)) return undefined;
  const kinds = kindsOf(graph, inputs);
  const kind = (name: string) => kinds.get(name) ?? 'constant';
  const ofNode = ({ outputs }: GraphNode) => kind(outputs.find((name) => name !== '') ?? '');
  if (graph.outputs.some(({ name }) => kind(name) !== 'step')) return undefined;

  const [constant, photo, step] = (['constant', 'photo', 'step'] as const).map((wanted) =>
    graph.nodes.filter((node) => ofNode(node) === wanted),
  ) as [GraphNode[], GraphNode[], GraphNode[]];
  if (!photo.some(({ operator }) => PRODUCTS.test(operator))) return undefined;
  const read = new Set(step.flatMap(({ inputs: names }) => names));
  const made = new Set(photo.flatMap(({ outputs }) => outputs));
  const between = [...made].filter((name) => name !== '' && read.has(name));
  const photoReads = new Set(photo.flatMap(({ inputs: names }) => names));
  const photoInputs = inputs.filter((name) => photoReads.has(name));

  const body = (nodes: readonly GraphNode[]): Uint8Array => {
    const all = [...needed(constant, nodes), ...nodes];
    const names = new Set(all.flatMap((node) => node.inputs));
    const weights = graph.weights.filter(({ name }) => names.has(name));
    return graphBody(onnx.file, { nodes: all, weights }, location);
  };
  const portsOf = (names: ReadonlySet<string>) =>
    graph.inputs.filter(({ name }) => names.has(name));
  const stepBody = body(step);
  return {
    photoInputs,
    between,
    photo: writeOnnxFile(onnx, body(photo), {
      inputs: portsOf(photoReads),
      outputs: between.map(untypedPort),
    }),
    step: (types) =>
      writeOnnxFile(onnx, stepBody, {
        inputs: [...portsOf(read), ...between.map((name) => port(name, types(name) ?? 'float32'))],
        outputs: graph.outputs,
      }),
  };
}

type Kind = 'constant' | 'photo' | 'step';

/** What each tensor depends on: nothing, the photo alone, or the words. */
function kindsOf({ nodes, inputs }: Graph, photoInputs: readonly string[]): Map<string, Kind> {
  const kinds = new Map<string, Kind>(
    inputs.map(({ name }) => [name, photoInputs.includes(name) ? 'photo' : 'step']),
  );
  for (const { inputs: names, outputs } of nodes) {
    const found = names.map((name) => kinds.get(name));
    const kind = found.includes('step') ? 'step' : found.includes('photo') ? 'photo' : 'constant';
    for (const name of outputs) kinds.set(name, kind);
  }
  return kinds;
}

/** Those of the constants' nodes that `nodes` are made of, in order. */
function needed(constants: readonly GraphNode[], nodes: readonly GraphNode[]): GraphNode[] {
  const names = new Set(nodes.flatMap((node) => node.inputs));
  const found: GraphNode[] = [];
  for (const node of [...constants].reverse()) {
    if (!node.outputs.some((name) => names.has(name))) continue;
    for (const name of node.inputs) names.add(name);
    found.unshift(node);
  }
  return found;
}

/**
 * The graph of the later steps: a merged export holds it and that of the first step as the two
 * branches of an `If`. With empty caches it does the first step, too.
 */
function withoutCacheSwitch({ file, graph }: OnnxFile): Graph | undefined {
  const choices = graph.nodes.filter(({ operator }) => operator === 'If');
  const [choice] = choices as (GraphNode & { readonly span: { start: number; end: number } })[];
  if (!choice) return graph;
  const [condition = ''] = choice.inputs;
  const isSwitch = graph.inputs.some(({ name }) => name === condition);
  if (choices.length > 1 || !isSwitch) return undefined;
  const later = branch(file, choice.span, 'then_branch');
  if (!later || later.outputs.length !== choice.outputs.length) return undefined;
  const known = new Set(later.weights.map(({ name }) => name));
  const weights: Weight[] = [
    ...graph.weights.filter(({ name }) => !known.has(name)),
    ...later.weights,
  ];
  // The branch's results get the names that they have outside.
  const renamed = choice.outputs.flatMap((outer, i): GraphNode[] => {
    const inner = later.outputs[i]?.name ?? '';
    if (inner === outer) return [];
    const message = plainNode('Identity', [inner], outer);
    return [{ message, operator: 'Identity', inputs: [inner], outputs: [outer] }];
  });
  const at = graph.nodes.indexOf(choice);
  return {
    nodes: [...graph.nodes.slice(0, at), ...later.nodes, ...renamed, ...graph.nodes.slice(at + 1)],
    weights,
    inputs: graph.inputs.filter(({ name }) => name !== condition),
    outputs: graph.outputs,
  };
}
