"""A small writer of ONNX graphs: nodes in order, weights by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
MICROSOFT = 'com.microsoft'


class GraphWriter:
    """Collects nodes and initializers and gives a checked model."""

    def __init__(self, name: str, prefix: str = '') -> None:
        """`prefix` keeps the names made here apart from those of a copied graph."""
        self.name = name
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, np.ndarray] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.counter = 0

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        """Declare an input; names in `shape` are dynamic axes."""
        self.inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, kind: int, shape: Sequence[int | str]) -> None:
        """Declare an output."""
        self.outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def constant(self, array: np.ndarray, name: str | None = None) -> str:
        """Store a weight and give its name; equal small unnamed arrays are stored once."""
        if name is None:
            for known, value in self.initializers.items():
                if (
                    known.startswith(f'{self.prefix}const_')
                    and value.dtype == array.dtype
                    and value.shape == array.shape
                    and array.size <= 16
                    and np.array_equal(value, array)
                ):
                    return known
            name = f'{self.prefix}const_{len(self.initializers)}'
        if name in self.initializers:
            raise ValueError(f'{name} is stored twice')
        self.initializers[name] = np.asarray(array)
        return name

    def ints(self, *values: int) -> str:
        """A one-dimensional int64 constant."""
        return self.constant(np.array(values, dtype=np.int64))

    def floats(self, *values: float) -> str:
        """A one-dimensional float32 constant."""
        return self.constant(np.array(values, dtype=np.float32))

    def op(
        self,
        kind: str,
        *inputs: str,
        output: str | None = None,
        outputs: int = 1,
        domain: str = '',
        **attributes: Any,
    ) -> Any:
        """Add a node; gives its output's name, or a list of names if it has several."""
        self.counter += 1
        stem = f'{self.prefix}{kind.lower()}_{self.counter}'
        names = [output or stem] if outputs == 1 else [f'{stem}_{i}' for i in range(outputs)]
        node = helper.make_node(kind, list(inputs), names, name=stem, domain=domain, **attributes)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def model(self) -> onnx.ModelProto:
        """The finished model, checked, without weights that no node reads."""
        used = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            self.name,
            self.inputs,
            self.outputs,
            [numpy_helper.from_array(a, n) for n, a in self.initializers.items() if n in used],
        )
        domains = {'': OPSET}
        if any(node.domain == MICROSOFT for node in self.nodes):
            domains[MICROSOFT] = 1
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(d, v) for d, v in domains.items()],
            producer_name='zipcaption',
        )
        # IR 8 belongs to opset 17; newer IR versions are refused by older runtimes.
        model.ir_version = 8
        if len(domains) == 1:
            onnx.checker.check_model(model, full_check=True)
        return model


FLOAT = TensorProto.FLOAT
INT64 = TensorProto.INT64
