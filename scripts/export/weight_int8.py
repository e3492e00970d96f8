"""Stores a network's weights as int8: a quarter of the size, the speed of float32.

Symmetric, one scale for each output channel. A DequantizeLinear stands before each use; the library
has the runtime expand it once when the model is loaded. (Quantised arithmetic is another matter: it
needs calibration photos, and not all of it is faster in WebAssembly.)
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Operator -> which of its inputs is a weight, and along which axis its output channels lie.
WEIGHTS = {"Conv": (1, 0), "MatMul": (1, -1), "Gather": (0, 0)}
# Smaller ones are not worth a node.
LEAST = 1024


def quantise_weights(model: onnx.ModelProto) -> None:
    graph = model.graph
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    done: set[str] = set()
    nodes = []
    for node in graph.node:
        place = channel_axis(node)
        name = node.input[place[0]] if place and len(node.input) > place[0] else None
        tensor = initializers.get(name)
        if tensor is not None and np.prod(tensor.dims) >= LEAST and len(tensor.dims) > 1:
            if name not in done:
                nodes.append(replace(graph, tensor, place[1] % len(tensor.dims)))
                done.add(name)
            node.input[place[0]] = f"{name}_expanded"
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def channel_axis(node: onnx.NodeProto) -> tuple[int, int] | None:
    if node.op_type == "Gemm":
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        return (1, 0 if transposed else 1)
    return WEIGHTS.get(node.op_type)


def replace(graph: onnx.GraphProto, tensor: onnx.TensorProto, axis: int) -> onnx.NodeProto:
    values = numpy_helper.to_array(tensor)
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(axis=others), 1e-12) / 127
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    rounded = np.clip(np.rint(values / scale.reshape(shape)), -127, 127).astype(np.int8)
    name = tensor.name
    graph.initializer.remove(tensor)
    graph.initializer.append(numpy_helper.from_array(rounded, f"{name}_int8"))
    graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"))
    return helper.make_node("DequantizeLinear", [f"{name}_int8", f"{name}_scale"], [f"{name}_expanded"], axis=axis)
