"""Turn the float32 graphs into the shipped ones: weights stored as int8.

    python -m export.quantise --float FOLDER --out FOLDER --data DATA --work WORK

Most weights are stored as int8 with a scale a channel or column; nodes that a runtime folds when it
loads the graph expand them to float32. 1x1 kernels are rounded with calibration photos in view
(`rounding.py`), and biases corrected for the mean error that remains (Nagel et al., "Data-Free
Quantization", ICCV 2019, section 4.2). Depthwise kernels and the first one are stored as float16.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from data.photos import (
    add_set_arguments,
    prepare_pixels,
    read_photos,
    set_folders,
    to_pixel_values,
)
from export.calibrate import Observed, run_with_maps
from export.onnx_graph import GraphWriter
from export.rounding import rounded

EXACT = 1e-4


def int8_weight(
    weight: np.ndarray, axis: int, smallest: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale for every index of `axis`, none below `smallest`.

    The scale of each channel is the one of 20 clipping shares with the least squared error.
    """
    moved = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    top = np.maximum(np.abs(moved).max(axis=1, keepdims=True), 1e-8)
    best_scale, best_error = top / 127, np.full(top.shape, np.inf)
    for share in np.linspace(0.62, 1.0, 20):
        scale = top * share / 127
        error = ((np.clip(np.round(moved / scale), -127, 127) * scale - moved) ** 2).sum(
            axis=1, keepdims=True
        )
        best_scale = np.where(error < best_error, scale, best_scale)
        best_error = np.minimum(error, best_error)
    scale = best_scale[:, 0].astype(np.float32)
    if smallest is not None:
        scale = np.maximum(scale, smallest).astype(np.float32)
    shape = [1] * weight.ndim
    shape[axis] = -1
    quantised = np.clip(np.round(weight / scale.reshape(shape)), -127, 127).astype(np.int8)
    return quantised, scale


def weights_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All initializers by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


class MatrixStore:
    """Stores the matrices that `MatMul`s multiply by as int8 with a scale a column."""

    def __init__(self, graph: GraphWriter, weights: dict[str, np.ndarray]) -> None:
        self.graph = graph
        self.weights = weights

    def store(self, name: str) -> None:
        """The int8 matrix, and nodes that expand it under its own name."""
        stored = f'{name}.int8'
        if stored in self.graph.initializers:
            return
        quantised, scale = int8_weight(self.weights[name], axis=1)
        self.graph.constant(quantised, stored)
        self.graph.constant(scale, f'{name}.scale')
        whole = self.graph.op('Cast', stored, to=onnx.TensorProto.FLOAT)
        self.graph.op('Mul', whole, f'{name}.scale', output=name)

    def rewrite(self, nodes: Sequence[onnx.NodeProto]) -> None:
        """Copy the nodes, their matrices stored as int8."""
        multiplied = {node.input[1] for node in nodes if is_matrix(node, self.weights)}
        for node in nodes:
            for name in multiplied.intersection(node.input):
                self.store(name)
            copy_node(self.graph, node, self.weights)


def copy_node(graph: GraphWriter, node: onnx.NodeProto, weights: dict[str, np.ndarray]) -> None:
    """Keep a node as it is, with the weights that it reads."""
    for name in node.input:
        expanded = f'{name}.int8' in graph.initializers
        if name in weights and name not in graph.initializers and not expanded:
            graph.constant(weights[name], name)
    graph.nodes.append(node)


def is_matrix(node: onnx.NodeProto, weights: dict[str, np.ndarray]) -> bool:
    """Whether the node multiplies by a stored matrix."""
    return node.op_type == 'MatMul' and node.input[1] in weights


def start_graph(model: onnx.ModelProto) -> GraphWriter:
    """A writer with the model's inputs and outputs."""
    graph = GraphWriter(model.graph.name, prefix='int8_')
    graph.inputs.extend(model.graph.input)
    graph.outputs.extend(model.graph.output)
    return graph


def quantise_decoder(model: onnx.ModelProto) -> onnx.ModelProto:
    """Its matrices as int8; that of the vocabulary is stored once."""
    graph = start_graph(model)
    MatrixStore(graph, weights_of(model)).rewrite(model.graph.node)
    return graph.model()


def convolution_part(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes before the map is flattened."""
    nodes = list(model.graph.node)
    return nodes[: next(i for i, node in enumerate(nodes) if node.op_type == 'Reshape')]


def rounded_kernel(
    weight: np.ndarray, scale: np.ndarray, bias: np.ndarray, seen: Observed
) -> tuple[np.ndarray, np.ndarray]:
    """A 1x1 kernel as int8 in units of `scale`, and the bias that takes up its mean error."""
    whole = rounded(weight[:, :, 0, 0], scale, seen.moments)
    error = weight[:, :, 0, 0] - whole * scale[:, np.newaxis]
    return whole.reshape(weight.shape), bias + error @ seen.means


def expand_at_load(
    graph: GraphWriter, node: onnx.NodeProto, weights: dict[str, np.ndarray], seen: Observed
) -> None:
    """Store a float convolution small; the runtime computes its weights once, at load.

    1x1 kernels that were never trained further came as int8, and go back to it exactly.
    """
    _, name, bias_name = node.input
    weight, bias = weights[name], weights[bias_name]
    if weight.shape[2:] != (1, 1):
        stored = graph.constant(weight.astype(np.float16), f'{name}.half')
        graph.op('Cast', stored, to=onnx.TensorProto.FLOAT, output=name)
        graph.constant(bias, bias_name)
        return
    quantised, scale = int8_weight(weight, axis=0)
    factors = scale.reshape(-1, 1, 1, 1)
    if np.abs(quantised * factors - weight).max() >= EXACT * np.abs(weight).max():
        quantised, bias = rounded_kernel(weight, scale, bias, seen)
    stored = graph.constant(quantised, f'{name}.int8')
    factor = graph.constant(factors, f'{name}.scale')
    graph.op('Mul', graph.op('Cast', stored, to=onnx.TensorProto.FLOAT), factor, output=name)
    graph.constant(bias.astype(np.float32), bias_name)


def quantise_encoder(model: onnx.ModelProto, photos: list[np.ndarray]) -> onnx.ModelProto:
    """Calibrate on [1, 3, h, w] arrays and quantise."""
    part = convolution_part(model)
    read = [node.input[0] for node in part if node.op_type == 'Conv']
    seen = run_with_maps(model, read, photos)
    weights = weights_of(model)
    small = {name: weight for name, weight in weights.items() if weight.ndim < 4}
    graph = start_graph(model)
    for node in part:
        if node.op_type == 'Conv':
            expand_at_load(graph, node, weights, seen[node.input[0]])
        copy_node(graph, node, small)
    MatrixStore(graph, weights).rewrite(list(model.graph.node)[len(part) :])
    return graph.model()


def training_photos(args: argparse.Namespace) -> Iterator[np.ndarray]:
    """Training photos, evenly spread, as [1, 3, 224, 224] arrays."""
    folders = set_folders(args)
    photos = read_photos(folders)
    pixels = prepare_pixels(folders, photos, args.work / 'pixels.npy')
    train = [photo.row for photo in photos if photo.split == 'train']
    for row in train[:: max(1, len(train) // args.photos)][: args.photos]:
        yield to_pixel_values(pixels[[row]]).numpy()


def main() -> None:
    """Quantise both graphs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--float', type=Path, required=True, help='what export.export wrote')
    parser.add_argument('--out', type=Path, required=True)
    add_set_arguments(parser)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--photos', type=int, default=192, help='training photos to calibrate on')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = onnx.load(args.float / 'encoder.onnx')
    onnx.save(quantise_encoder(encoder, list(training_photos(args))), args.out / 'encoder.onnx')
    decoder = onnx.load(args.float / 'decoder.onnx')
    onnx.save(quantise_decoder(decoder), args.out / 'decoder.onnx')


if __name__ == '__main__':
    main()
