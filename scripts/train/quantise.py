"""Turn the float32 graphs into the shipped ones: weights stored as int8.

    python quantise.py --float FOLDER --out FOLDER --data DATA --work WORK

Most weights are stored as int8 with a scale a channel or column, and expanded to float32 when the
graph is loaded (nodes that the runtime folds). 1x1 kernels are rounded with calibration photos in
view (`rounding.py`), and biases corrected for the mean error that remains (Nagel et al., "Data-Free
Quantization", ICCV 2019, section 4.2). Kernels of the early layers, which are small and which all
the rest hears of, and depthwise ones are stored as float16.

Arithmetic is that of float32: rounded maps make captions of photos that differ by a breath differ
(docs/training.md). Where speed counts for more, `--integer-from N` computes in integers from layer
convNN on, calibrated on the same photos: `QLinearConv` (uint8 maps, int8 weights, int32 sums) in
channels-last order; ReLU6 becomes the saturation of its output, residual additions `QLinearAdd`. On
WebAssembly depthwise `QLinearConv` has no vector code and loses on large maps what the 1x1
convolutions win; on the 7x7 maps, from 35 on, all win. `--integer-products` does the same to matrix
products: `DynamicQuantizeLinear` and `MatMulInteger`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from calibrate import Observed, Range, best_range, run_with_maps
from dataset import prepare_pixels, read_photos, to_pixel_values
from onnx_graph import MICROSOFT, GraphWriter
from rounding import rounded

NO_INTEGERS = 49
EXACT = 1e-4
# Layers whose kernels are stored as float16: 70,000 weights in all.
HALF_BEFORE = 17


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


def attributes_of(node: onnx.NodeProto) -> dict[str, object]:
    """A node's attributes as plain values."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


class MatrixQuantiser:
    """Rewrites `MatMul`s whose second input is a weight.

    With `integers` the products are those of whole numbers: `DynamicQuantizeLinear` and
    `MatMulInteger`. Without, the int8 weights are expanded when the graph is loaded.
    """

    def __init__(self, graph: GraphWriter, weights: dict[str, np.ndarray], integers: bool) -> None:
        self.graph = graph
        self.weights = weights
        self.integers = integers
        self.stored: dict[str, tuple[str, str]] = {}
        self.inputs: dict[str, tuple[str, str, str]] = {}

    def store(self, name: str) -> tuple[str, str]:
        """Names of the int8 matrix and of its column scales."""
        if name not in self.stored:
            quantised, scale = int8_weight(self.weights[name], axis=1)
            stored = f'{name}.int8'
            self.stored[name] = (
                self.graph.constant(quantised, stored),
                self.graph.constant(scale, f'{name}.scale'),
            )
            if not self.integers:
                whole = self.graph.op('Cast', stored, to=onnx.TensorProto.FLOAT)
                self.graph.op('Mul', whole, f'{name}.scale', output=name)
        return self.stored[name]

    def multiply(self, node: onnx.NodeProto) -> None:
        """x @ W as integers: W's columns have scales of their own, x is quantised as it comes."""
        graph = self.graph
        x, name = node.input
        weight, scale = self.store(name)
        if x not in self.inputs:
            self.inputs[x] = tuple(graph.op('DynamicQuantizeLinear', x, outputs=3))
        quantised, x_scale, x_zero = self.inputs[x]
        zero = graph.constant(np.int8(0))
        y = graph.op('MatMulInteger', quantised, weight, x_zero, zero)
        y = graph.op('Cast', y, to=onnx.TensorProto.FLOAT)
        factor = graph.op('Mul', x_scale, scale)
        graph.op('Mul', y, factor, output=node.output[0])

    def gather(self, node: onnx.NodeProto) -> None:
        """Columns of an int8 matrix, scaled back to float."""
        graph = self.graph
        name, index = node.input
        weight, scale = self.store(name)
        columns = graph.op('Gather', weight, index, axis=1)
        columns = graph.op('Cast', columns, to=onnx.TensorProto.FLOAT)
        graph.op('Mul', columns, graph.op('Gather', scale, index, axis=0), output=node.output[0])

    def rewrite(self, nodes: Sequence[onnx.NodeProto]) -> None:
        """Copy the nodes, their matrices stored as int8."""
        multiplied = {node.input[1] for node in nodes if is_matrix(node, self.weights)}
        for node in nodes:
            if is_matrix(node, self.weights) and self.integers:
                self.multiply(node)
            elif node.op_type == 'Gather' and node.input[0] in multiplied and self.integers:
                self.gather(node)
            else:
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


def quantise_decoder(model: onnx.ModelProto, integers: bool) -> onnx.ModelProto:
    """Its matrices as int8; that of the vocabulary is stored once."""
    weights = weights_of(model)
    graph = start_graph(model)
    MatrixQuantiser(graph, weights, integers).rewrite(model.graph.node)
    return graph.model()


class ConvolutionQuantiser:
    """Writes the convolutional part of the encoder in integers, channels last."""

    def __init__(
        self,
        graph: GraphWriter,
        weights: dict[str, np.ndarray],
        seen: dict[str, Observed],
        ranges: dict[str, Range],
    ) -> None:
        self.graph = graph
        self.weights = weights
        self.seen = seen
        self.ranges = ranges
        self.maps: dict[str, str] = {}

    def range_inputs(self, name: str) -> tuple[str, str]:
        """Constants for a map's scale and zero point."""
        known = self.ranges[name]
        return (
            self.graph.constant(np.float32(known.scale)),
            self.graph.constant(np.uint8(known.zero)),
        )

    def integer_map(self, name: str) -> str:
        """The uint8 channels-last form of a map; a float one is quantised here, once."""
        if name not in self.maps:
            x = self.graph.op('QuantizeLinear', name, *self.range_inputs(name))
            self.maps[name] = self.graph.op('Transpose', x, perm=[0, 2, 3, 1])
        return self.maps[name]

    def convolve(self, node: onnx.NodeProto, output: str) -> None:
        """A convolution whose result is called `output` (after its ReLU6, if it has one)."""
        x, weight_name, bias_name = node.input
        bias = self.weights[bias_name]
        # A channel whose weights are all but zero still needs a scale that its bias fits into.
        smallest = np.abs(bias) / (self.ranges[x].scale * 2**30)
        weight, scale = int8_weight(self.weights[weight_name], axis=0, smallest=smallest)
        if weight.shape[2:] == (1, 1):
            weight, bias = rounded_kernel(self.weights[weight_name], scale, bias, self.seen[x])
        unit = np.float64(self.ranges[x].scale) * scale
        whole = np.round(bias / unit).astype(np.int32)
        self.maps[output] = self.graph.op(
            'QLinearConv',
            self.integer_map(x),
            *self.range_inputs(x),
            self.graph.constant(weight, weight_name),
            self.graph.constant(scale, f'{weight_name}.scale'),
            self.graph.constant(np.zeros(len(scale), dtype=np.int8), f'{weight_name}.zero'),
            *self.range_inputs(output),
            self.graph.constant(whole, bias_name),
            output=f'{output}.int8',
            domain=MICROSOFT,
            channels_last=1,
            **attributes_of(node),
        )

    def add(self, node: onnx.NodeProto) -> None:
        """A residual connection."""
        left, right = node.input
        self.maps[node.output[0]] = self.graph.op(
            'QLinearAdd',
            self.integer_map(left),
            *self.range_inputs(left),
            self.integer_map(right),
            *self.range_inputs(right),
            *self.range_inputs(node.output[0]),
            output=f'{node.output[0]}.int8',
            domain=MICROSOFT,
        )


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
    if weight.shape[2:] != (1, 1) or layer_number(node) < HALF_BEFORE:
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


def layer_number(node: onnx.NodeProto) -> int:
    """35 for the convolution, ReLU6 or sum of layer conv35."""
    return int(node.output[0].removeprefix('conv').split('.')[0])


def write_encoder(
    model: onnx.ModelProto, seen: dict[str, Observed], integer_from: int, integers: bool
) -> onnx.ModelProto:
    """The shipped encoder, given what calibration saw of each stored map."""
    weights = weights_of(model)
    small = {name: weight for name, weight in weights.items() if weight.ndim < 4}
    graph = start_graph(model)
    part = convolution_part(model)
    rectified = {node.output[0] for node in part if node.op_type == 'Clip'}
    ranges = {name: best_range(map_.values, name in rectified) for name, map_ in seen.items()}
    convolutions = ConvolutionQuantiser(graph, weights, seen, ranges)
    clipped = {node.input[0]: node.output[0] for node in part if node.op_type == 'Clip'}
    for node in part:
        integer = layer_number(node) >= integer_from
        if integer and node.op_type == 'Conv':
            convolutions.convolve(node, clipped.get(node.output[0], node.output[0]))
        elif integer and node.op_type == 'Add':
            convolutions.add(node)
        elif not integer:
            if node.op_type == 'Conv':
                expand_at_load(graph, node, weights, seen[node.input[0]])
            copy_node(graph, node, small)
    rest = list(model.graph.node)[len(part) :]
    last = part[-1].output[0]
    if last in convolutions.maps:
        # Channels-last maps are already rows of cells: reshape alone does what the float graph
        # needs a transposition for.
        reshape, transpose, *rest = rest
        x = graph.op('DequantizeLinear', convolutions.maps[last], *convolutions.range_inputs(last))
        _, channels, cells = weights[reshape.input[1]]
        shape = graph.ints(1, int(cells), int(channels))
        graph.op('Reshape', x, shape, output=transpose.output[0])
    MatrixQuantiser(graph, weights, integers).rewrite(rest)
    return graph.model()


def quantise_encoder(
    model: onnx.ModelProto,
    photos: list[np.ndarray],
    integer_from: int,
    integers: bool,
) -> onnx.ModelProto:
    """Calibrate on [1, 3, h, w] arrays and quantise."""
    part = convolution_part(model)
    clipped = {node.input[0] for node in part if node.op_type == 'Clip'}
    stored = [node.output[0] for node in part if node.output[0] not in clipped]
    seen = run_with_maps(model, ['pixel_values', *stored], photos)
    return write_encoder(model, seen, integer_from, integers)


def training_photos(data: Path, sets: list[str], work: Path, count: int) -> Iterator[np.ndarray]:
    """`count` training photos, evenly spread, as [1, 3, 224, 224] arrays."""
    folders = [data / name for name in sets]
    photos = read_photos(folders)
    pixels = prepare_pixels(folders, photos, work / 'pixels.npy')
    train = [photo.row for photo in photos if photo.split == 'train']
    for row in train[:: max(1, len(train) // count)][:count]:
        yield to_pixel_values(pixels[[row]]).numpy()


def main() -> None:
    """Quantise both graphs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--float', type=Path, required=True, help='what export.py wrote')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--photos', type=int, default=192, help='training photos to calibrate on')
    parser.add_argument('--integer-from', type=int, default=NO_INTEGERS, metavar='N')
    parser.add_argument(
        '--integer-products', action='store_true', help='matrix products of whole numbers, too'
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    photos = list(training_photos(args.data, args.sets, args.work, args.photos))
    encoder = onnx.load(args.float / 'encoder.onnx')
    onnx.save(
        quantise_encoder(encoder, photos, args.integer_from, args.integer_products),
        args.out / 'encoder.onnx',
    )
    decoder = onnx.load(args.float / 'decoder.onnx')
    onnx.save(quantise_decoder(decoder, args.integer_products), args.out / 'decoder.onnx')


if __name__ == '__main__':
    main()
