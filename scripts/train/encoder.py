"""EfficientNet-Lite0 as a trainable PyTorch module.

Tan & Le, "EfficientNet" (ICML 2019); the Lite variants drop squeeze-and-excitation and use ReLU6.
The pretrained file has its batch norms folded, so every layer is a convolution with a bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The finest grain of a picture is the first to change when it is resized or saved again, and worth
# little to a caption: the first convolution looks at the picture softened by [1 4 6 4 1] / 16 along
# both axes, as one wider kernel. It makes captions steadier (docs/training.md).
SOFTENED = np.outer((1, 4, 6, 4, 1), (1, 4, 6, 4, 1)).astype(np.float32) / 256


def soften(kernel: np.ndarray) -> np.ndarray:
    """A kernel [out, in, k, k] that sees what `kernel` would see of a softened picture."""
    out, channels, k, _ = kernel.shape
    wider = np.zeros((out, channels, k + 4, k + 4), dtype=np.float32)
    for (y, x), weight in np.ndenumerate(SOFTENED):
        wider[:, :, y : y + k, x : x + k] += weight * kernel
    return wider


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


def efficientnet_lite0() -> list[ConvSpec]:
    """The 49 convolutions of EfficientNet-Lite0, in the order in which they run."""
    specs: list[ConvSpec] = []

    def add(inner: int, outer: int, kernel: int, stride: int, groups: int, relu6: bool) -> None:
        name = f'conv{len(specs):02d}'
        padding = 'same' if kernel > 1 else 'valid'
        specs.append(ConvSpec(name, outer, inner, kernel, stride, groups, padding, relu6, None))

    # 3x3 upstream, widened by the softening of SOFTENED.
    add(3, 32, 7, 2, 1, True)
    channels = 32
    for kernel, first_stride, outer, expansion, blocks in _STAGES:
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
    add(channels, 1280, 1, 1, 1, True)
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
    """Pixels [batch, 3, 224, 224] in -1..1 to a feature map [batch, 1280, 7, 7].

    `frozen_layers` first convolutions run without gradients: the early layers hold generic edges
    and textures, and their large maps make their backward pass the dearest of all.
    """

    def __init__(self, frozen_layers: int = 0) -> None:
        super().__init__()
        self.specs = layers = efficientnet_lite0()
        self.frozen_layers = frozen_layers
        self.convs = nn.ModuleDict({spec.name: SameConv(spec) for spec in layers})
        self.sources = {spec.residual_from for spec in layers if spec.residual_from}

    def load_pretrained(self, weights: Path) -> None:
        """Fill the layers from an .npz with `convNN.weight` and `convNN.bias` arrays."""
        arrays = dict(np.load(weights))
        arrays['conv00.weight'] = soften(arrays['conv00.weight'])
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

    def forward(self, pixels: Tensor) -> Tensor:
        """[batch, 3, 224, 224] to [batch, 1280, 7, 7]."""
        kept: dict[str, Tensor] = {}
        if self.frozen_layers:
            with torch.no_grad():
                pixels = self.run_layers(pixels, 0, self.frozen_layers, kept)
        return self.run_layers(pixels, self.frozen_layers, len(self.specs), kept)
