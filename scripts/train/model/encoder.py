"""EfficientNet-Lite as a trainable PyTorch module.

Tan & Le, "EfficientNet" (ICML 2019); the Lite variants drop squeeze-and-excitation and use ReLU6.
The pretrained file has its batch norms folded, so every layer is a convolution with a bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class ConvSpec:
    """One convolution; `residual_from` names the layer whose output is added to its own."""

    name: str
    out_channels: int
    in_channels: int
    kernel: int
    stride: int
    groups: int
    padding: str
    relu6: bool
    residual_from: str | None


# Tan & Le, table 1: kernel, stride of the first block, output channels, expansion, blocks.
_STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 2, 80, 6, 3),
    (5, 1, 112, 6, 3),
    (5, 2, 192, 6, 4),
    (3, 1, 320, 6, 1),
)

# Factors of width and depth of the EfficientNet-Lite release.
_SCALES = {'lite0': (1.0, 1.0), 'lite2': (1.1, 1.2), 'lite3': (1.2, 1.4)}

FEATURE_CHANNELS = 1280


def _scaled_channels(channels: int, factor: float) -> int:
    """The nearest multiple of 8, never below 90 % of the product."""
    rounded = max(8, int(channels * factor + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * factor else rounded


def efficientnet_lite(name: str) -> list[ConvSpec]:
    """The convolutions of `lite0`, `lite2` or `lite3`, in the order in which they run."""
    width, depth = _SCALES[name]
    specs: list[ConvSpec] = []

    def add(inner: int, outer: int, kernel: int, stride: int, groups: int, relu6: bool) -> None:
        name = f'conv{len(specs):02d}'
        padding = 'same' if kernel > 1 else 'valid'
        specs.append(ConvSpec(name, outer, inner, kernel, stride, groups, padding, relu6, None))

    # The stem, the head and the number of blocks of the outer stages are not scaled.
    add(3, 32, 3, 2, 1, True)
    channels = 32
    for stage, (kernel, first_stride, outer, expansion, blocks) in enumerate(_STAGES):
        outer = _scaled_channels(outer, width)
        if 0 < stage < len(_STAGES) - 1:
            blocks = math.ceil(blocks * depth)
        for block in range(blocks):
            source = specs[-1].name
            stride = first_stride if block == 0 else 1
            wide = channels * expansion
            if expansion > 1:
                add(channels, wide, 1, 1, 1, True)
            add(wide, wide, kernel, stride, wide, True)
            add(wide, outer, 1, 1, 1, False)
            if stride == 1 and channels == outer:
                specs[-1] = replace(specs[-1], residual_from=source)
            channels = outer
    add(channels, FEATURE_CHANNELS, 1, 1, 1, True)
    return specs


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's 'same' padding of one axis: (before, after), the odd pixel going after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Depthwise(torch.autograd.Function):
    """A depthwise convolution (its bias is added outside) whose backward pass is fast on a CPU.

    oneDNN's gradients of depthwise convolutions in bfloat16 took over half of a training step.
    Here the gradient of the kernel is taken in float32, and not at all where the kernel is not
    trained; that of the input is another forward convolution at stride 1 and float32 at stride 2.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        """x: [batch, channels, h, w], weight: [channels, 1, k, k] float32."""
        # The input is kept for the kernel's gradient alone, which may not be wanted.
        ctx.save_for_backward(weight, x if ctx.needs_input_grad[1] else None)
        ctx.shape, ctx.stride, ctx.padding = x.shape, stride, padding
        return F.conv2d(x, weight.to(x.dtype), None, stride, padding, 1, x.shape[1])

    @staticmethod
    def backward(ctx, grad: Tensor):
        """Gradients of x and of the kernel."""
        weight, x = ctx.saved_tensors
        channels, stride, padding = ctx.shape[1], ctx.stride, ctx.padding
        of_weight = None
        if x is not None:
            of_weight = torch.nn.grad.conv2d_weight(
                x.float(), weight.shape, grad.float(), stride, padding, 1, channels
            )
        if not ctx.needs_input_grad[0]:
            return None, of_weight, None, None
        if stride == 1 and 2 * padding + 1 == weight.shape[-1]:
            flipped = weight.flip(-1, -2).to(grad.dtype)
            back = F.conv2d(grad, flipped, None, 1, padding, 1, channels)
        else:
            back = torch.nn.grad.conv2d_input(
                ctx.shape, weight, grad.float(), stride, padding, 1, channels
            ).to(grad.dtype)
        return back, of_weight, None, None


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's 'same' padding and an optional ReLU6."""

    def __init__(self, spec: ConvSpec) -> None:
        symmetric = spec.kernel // 2 if spec.padding == 'same' and spec.stride == 1 else 0
        super().__init__(
            spec.in_channels,
            spec.out_channels,
            spec.kernel,
            stride=spec.stride,
            padding=symmetric,
            groups=spec.groups,
        )
        self.spec = spec

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in, h, w] to [batch, out, ceil(h/stride), ceil(w/stride)]."""
        spec = self.spec
        if spec.padding == 'same' and spec.stride > 1:
            top, bottom = same_padding(x.shape[-2], spec.kernel, spec.stride)
            left, right = same_padding(x.shape[-1], spec.kernel, spec.stride)
            x = F.pad(x, (left, right, top, bottom))
        if spec.groups > 1 and self.training and torch.is_grad_enabled():
            dtype = torch.get_autocast_dtype('cpu') if torch.is_autocast_enabled('cpu') else x.dtype
            x = Depthwise.apply(x.to(dtype), self.weight, spec.stride, self.padding[0])
            x = x + self.bias.to(dtype).view(-1, 1, 1)
        else:
            x = super().forward(x)
        return F.relu6(x, inplace=True) if spec.relu6 else x


class EfficientNetLite(nn.Module):
    """Pixels [batch, 3, h, w] as `to_pixel_values` gives them to a map [batch, 1280, h/32, w/32].

    `frozen_layers` first convolutions run without gradients: the early layers hold generic edges
    and textures, and their large maps make their backward pass the dearest of all.
    """

    def __init__(self, name: str, frozen_layers: int = 0) -> None:
        super().__init__()
        self.specs = layers = efficientnet_lite(name)
        self.frozen_layers = frozen_layers
        self.convs = nn.ModuleDict({spec.name: SameConv(spec) for spec in layers})
        self.sources = {spec.residual_from for spec in layers if spec.residual_from}

    def load_pretrained(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Fill the layers from `convNN.weight` and `convNN.bias` arrays."""
        for name, conv in self.convs.items():
            conv.weight.data.copy_(torch.from_numpy(arrays[f'{name}.weight'].astype(np.float32)))
            conv.bias.data.copy_(torch.from_numpy(arrays[f'{name}.bias'].astype(np.float32)))

    def run_layers(self, x: Tensor, first: int, last: int, kept: dict[str, Tensor]) -> Tensor:
        """Run the layers first..last-1; `kept` carries the maps that later residuals need."""
        for spec in self.specs[first:last]:
            x = self.convs[spec.name](x)
            if spec.residual_from is not None:
                x = x + kept.pop(spec.residual_from)
            if spec.name in self.sources:
                kept[spec.name] = x
        return x

    @torch.no_grad()
    def begin(self, pixels: Tensor) -> Tensor:
        """The frozen layers alone, for `finish`."""
        kept: dict[str, Tensor] = {}
        x = self.run_layers(pixels, 0, self.frozen_layers, kept)
        if kept and set(kept) != {self.specs[self.frozen_layers - 1].name}:
            raise ValueError(f'{self.frozen_layers} frozen layers end inside a residual block')
        return x

    def finish(self, x: Tensor) -> Tensor:
        """What `begin` gave to the map."""
        source = self.specs[self.frozen_layers - 1].name if self.frozen_layers else None
        kept = {source: x} if source in self.sources else {}
        return self.run_layers(x, self.frozen_layers, len(self.specs), kept)

    def forward(self, pixels: Tensor) -> Tensor:
        """[batch, 3, 224, 224] to [batch, 1280, 7, 7]."""
        return self.finish(self.begin(pixels) if self.frozen_layers else pixels)
