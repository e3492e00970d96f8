"""Ranges of the encoder's maps on a sample of training photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

CELLS = 196
"""Cells of a map and photo whose channels' products are taken."""


@dataclass(frozen=True)
class Range:
    """Affine uint8 quantisation: value = scale * (q - zero)."""

    scale: float
    zero: int


@dataclass(frozen=True)
class Observed:
    """What calibration saw of a map."""

    values: np.ndarray
    """A random sample of its values."""
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
    samples: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    means: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    moments: dict[str, np.ndarray | float] = dict.fromkeys(wanted, 0.0)
    for pixel_values in photos:
        maps = dict(zip(inner, session.run(inner, {'pixel_values': pixel_values})))
        for name, value in {'pixel_values': pixel_values, **maps}.items():
            if name not in samples:
                continue
            flat = value.ravel()
            picked = rng.integers(0, flat.size, min(flat.size, 4096))
            samples[name].append(np.append(flat[picked], (flat.min(), flat.max())))
            means[name].append(value.mean(axis=(0, 2, 3)))
            cells = value[0].reshape(value.shape[1], -1)
            cells = cells[:, rng.permutation(cells.shape[1])[:CELLS]]
            moments[name] = moments[name] + cells @ cells.T / cells.shape[1]
    return {
        name: Observed(
            np.concatenate(parts), np.mean(means[name], axis=0), moments[name] / len(parts)
        )
        for name, parts in samples.items()
    }


def best_range(values: np.ndarray, relu: bool) -> Range:
    """The clipping range with the least squared error; starts at zero for a rectified map."""
    low, high = (0.0, float(values.max())) if relu else (float(values.min()), float(values.max()))
    best, best_error = Range(max(high - low, 1e-6) / 255, 0), np.inf
    for share in np.linspace(0.4, 1.0, 31):
        scale = max((high - low) * share / 255, 1e-6)
        zero = 0 if relu else int(np.clip(round(-low * share / scale), 0, 255))
        quantised = np.clip(np.round(values / scale) + zero, 0, 255)
        error = float(np.mean((scale * (quantised - zero) - values) ** 2))
        if error < best_error:
            best, best_error = Range(float(np.float32(scale)), zero), error
    return best
