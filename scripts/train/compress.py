"""Float graphs whose weights are stored small and expanded when the graph is loaded.

    python compress.py --form int8 --float FOLDER --out FOLDER

For comparison with `quantise.py`: the arithmetic stays float32, only the files shrink. The `Cast`
(and, for int8, the `Mul` by a scale a channel) stand before constants, so the runtime computes
them once, when it makes the session.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx

from onnx_graph import GraphWriter
from quantise import copy_node, int8_weight, start_graph, weights_of

SMALLEST = 1000


def compress(model: onnx.ModelProto, form: str) -> onnx.ModelProto:
    """Store every float weight of at least `SMALLEST` numbers as 'int8' or 'half'."""
    weights = weights_of(model)
    graph: GraphWriter = start_graph(model)
    for name, weight in weights.items():
        if weight.dtype != np.float32 or weight.size < SMALLEST or weight.ndim < 2:
            continue
        if form == 'half':
            stored = graph.constant(weight.astype(np.float16), f'{name}.half')
            graph.op('Cast', stored, to=onnx.TensorProto.FLOAT, output=name)
            continue
        axis = 0 if weight.ndim == 4 else 1
        quantised, scale = int8_weight(weight, axis)
        shape = [1] * weight.ndim
        shape[axis] = -1
        stored = graph.constant(quantised, f'{name}.int8')
        expanded = graph.op('Cast', stored, to=onnx.TensorProto.FLOAT)
        factor = graph.constant(scale.reshape(shape), f'{name}.scale')
        graph.op('Mul', expanded, factor, output=name)
    written = {output for node in graph.nodes for output in node.output}
    rest = {name: weight for name, weight in weights.items() if name not in written}
    for node in model.graph.node:
        copy_node(graph, node, rest)
    return graph.model()


def main() -> None:
    """Compress both graphs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--form', choices=('int8', 'half'), required=True)
    parser.add_argument('--float', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in ('encoder.onnx', 'decoder.onnx'):
        onnx.save(compress(onnx.load(args.float / name), args.form), args.out / name)


if __name__ == '__main__':
    main()
