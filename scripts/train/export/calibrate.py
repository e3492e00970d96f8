"""Means and moments of the encoder's maps on a sample of training photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

CELLS = 196
"""Cells of a map and photo whose channels' products are taken."""


@dataclass(frozen=True)
class Observed:
    """What calibration saw of a map."""

    means: np.ndarray
    """The mean of each channel."""
    moments: np.ndarray
    """The mean product of every two channels, [channels, channels], over some of its cells."""


def run_with_maps(
    model: onnx.ModelProto, wanted: list[str], photos: Iterable[np.ndarray]
) -> dict[str, Observed]:
    """Run the float encoder on [1, 3, h, w] arrays and look at the named maps [1, c, h, w]."""
    inner = [name for name in wanted if name != 'pixel_values']
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    options = onnxruntime.SessionOptions()
    # Fusions would make inner maps disappear.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        copy.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
    rng = np.random.default_rng(0)
    means: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    moments: dict[str, np.ndarray | float] = dict.fromkeys(wanted, 0.0)
    for pixel_values in photos:
        maps = dict(zip(inner, session.run(inner, {'pixel_values': pixel_values})))
        for name, value in {'pixel_values': pixel_values, **maps}.items():
            if name not in means:
                continue
            means[name].append(value.mean(axis=(0, 2, 3)))
            cells = value[0].reshape(value.shape[1], -1)
            cells = cells[:, rng.permutation(cells.shape[1])[:CELLS]]
            moments[name] = moments[name] + cells @ cells.T / cells.shape[1]
    return {
        name: Observed(np.mean(parts, axis=0), moments[name] / len(parts))
        for name, parts in means.items()
    }
