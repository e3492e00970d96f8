"""Give the encoder kernels that answer as before and mind less what is none of the photo's.

    python steady_kernels.py --start WORK/lite-final/average.pt --out WORK/lite-firm/start.pt \\
        --data DATA --work WORK

One layer after the other, in closed form: of all kernels W, the one for which

    E |W x + b - y|^2  +  weight * E |W (x' - x)|^2

is least, where x is what the layer sees of a photo, x' what it sees of the photo disturbed
(`steadiness.py`), and y what the network before gave here. It is Wiener's filter: directions of x
in which a disturbance is strong and the photo is weak are left out, also where training, whose
gradients are rounded to bfloat16, does not feel them. Layers behind others see what those give
now, so that they make up for what those lost, as in rounding (`rounding.py`).
"""

from __future__ import annotations

import argparse
import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dataset import prepare_pixels, read_photos, to_pixel_values
from encoder import ConvSpec, EfficientNetLite, SameConv, same_padding
from model import Captioner, load_captioner
from steadiness import returned

# Where maps are large, few photos hold patches enough; from this layer on a map has 14x14 cells.
LATE = 17
EARLY_PHOTOS, LATE_PHOTOS = 128, 800
# In how many ways each is disturbed.
EARLY_WAYS, LATE_WAYS = 2, 1
CHUNK = 32
# How much of the old kernel is mixed in where the photos say nothing.
RIDGE = 1e-3

Chunks = list[Tensor]


def patches(spec: ConvSpec, x: Tensor) -> Tensor:
    """What each output of a layer sees of x [photos, channels, h, w]: [groups, inputs, outputs].

    A depthwise layer has a group for each channel, every other layer one. Inputs are in the order
    of the kernel's weights.
    """
    groups, size = spec.groups, spec.kernel
    if size > 1:
        before, after = (size // 2, size // 2)
        if spec.stride > 1:
            before, after = same_padding(x.shape[-1], size, spec.stride)
        x = F.unfold(F.pad(x, (before, after, before, after)), size, stride=spec.stride)
    x = x.flatten(2).unflatten(1, (groups, -1))
    return x.permute(1, 2, 0, 3).flatten(2)


def outputs(spec: ConvSpec, y: Tensor) -> Tensor:
    """y [photos, out, h, w] as [groups, out / groups, outputs], in the order of `patches`."""
    return y.flatten(2).unflatten(1, (spec.groups, -1)).permute(1, 2, 0, 3).flatten(2)


@dataclass
class Moments:
    """Sums over outputs of what `steady_kernel` needs; n: their number."""

    n: int = 0
    seen: Tensor | float = 0.0
    wanted: Tensor | float = 0.0
    products: Tensor | float = 0.0
    answers: Tensor | float = 0.0
    noise: Tensor | float = 0.0
    noise_answers: Tensor | float = 0.0

    def add(self, x: Tensor, y: Tensor) -> None:
        """x: [groups, inputs, n], y: [groups, outputs, n]."""
        self.n += x.shape[-1]
        self.seen = self.seen + x.sum(-1)
        self.wanted = self.wanted + y.sum(-1)
        self.products = self.products + x @ x.mT
        self.answers = self.answers + x @ y.mT

    def add_noise(self, x: Tensor, y: Tensor, share: float) -> None:
        """x: how a disturbance moves what is seen; y: how the answer should move with it."""
        self.noise = self.noise + share * (x @ x.mT)
        self.noise_answers = self.noise_answers + share * (x @ y.mT)


def steady_kernel(moments: Moments, weight: float, old: Tensor) -> tuple[Tensor, Tensor]:
    """The best kernel [groups, inputs, outputs] and bias [groups, outputs]; old: a kernel."""
    n = moments.n
    mean_x, mean_y = moments.seen.double() / n, moments.wanted.double() / n
    products = moments.products.double() / n - mean_x[:, :, None] * mean_x[:, None]
    answers = moments.answers.double() / n - mean_x[:, :, None] * mean_y[:, None]
    products = products + weight / n * moments.noise.double()
    answers = answers + weight / n * moments.noise_answers.double()
    # Small against what is seen; where nothing is, against 0.
    ridge = RIDGE * products.diagonal(dim1=1, dim2=2).mean(-1) + 1e-9
    ridge = ridge[:, None, None] * torch.eye(products.shape[-1], dtype=torch.double)
    kernel = torch.linalg.solve(products + ridge, answers + ridge @ old.double())
    return kernel, mean_y - (mean_x[:, None] @ kernel)[:, 0]


@dataclass
class Track:
    """A batch of photos on its way through a network, in chunks, with maps for later residuals."""

    maps: Chunks
    kept: dict[str, Chunks] = field(default_factory=dict)

    def step(self, spec: ConvSpec, pre: Chunks, sources: set[str]) -> None:
        """Go on to a layer's output; pre: before its ReLU6, the residual added."""
        self.maps = [F.relu6(x) if spec.relu6 else x for x in pre]
        self.kept.pop(spec.residual_from or '', None)
        if spec.name in sources:
            self.kept[spec.name] = self.maps

    def before_activation(self, conv: SameConv) -> Chunks:
        """What a layer gives, its residual added, before its ReLU6."""
        spec = conv.spec
        shape = (spec.groups, -1, spec.out_channels // spec.groups)
        kernel = conv.weight.flatten(1).unflatten(0, (spec.groups, -1)).mT.reshape(shape)
        size = -(-self.maps[0].shape[-1] // spec.stride)
        found = []
        for i, x in enumerate(self.maps):
            y = (kernel.mT @ patches(spec, x)).unflatten(-1, (len(x), size, size))
            y = y.flatten(0, 1).transpose(0, 1) + conv.bias.view(-1, 1, 1)
            found.append(y + self.kept[spec.residual_from][i] if spec.residual_from else y)
        return found


def start(backbone: EfficientNetLite, pixel_values: Tensor, first: int) -> Track:
    """Photos in front of layer `first`."""
    chunks = pixel_values.split(CHUNK)
    return Track([backbone.run_layers(x, 0, first, {}).contiguous() for x in chunks])


@torch.no_grad()
def steady_layers(
    backbone: EfficientNetLite,
    before: EfficientNetLite,
    photos: tuple[Tensor, Sequence[Tensor]],
    weight: float,
    first: int,
    last: int,
) -> None:
    """Replace the kernels and biases of layers first..last-1, to answer as `before` does.

    photos: pixel values, and the same disturbed in one or more ways. No residual may reach over
    layer `first`.
    """
    pixel_values, views = photos
    old, clean = start(before, pixel_values, first), start(backbone, pixel_values, first)
    moved = [start(backbone, view, first) for view in views]
    for spec in backbone.specs[first:last]:
        conv = backbone.convs[spec.name]
        wanted = old.before_activation(before.convs[spec.name])
        source = spec.residual_from
        moments = Moments()
        for i, x in enumerate(clean.maps):
            seen = patches(spec, x)
            y = wanted[i] - clean.kept[source][i] if source else wanted[i]
            moments.add(seen, outputs(spec, y))
            for view in moved:
                # The sum is to stand still, so the layer should move against its residual.
                away = clean.kept[source][i] - view.kept[source][i] if source else 0 * y
                moments.add_noise(
                    patches(spec, view.maps[i]) - seen, outputs(spec, away), 1 / len(moved)
                )
        weights = conv.weight.flatten(1).unflatten(0, (spec.groups, -1)).mT
        kernel, bias = steady_kernel(moments, weight, weights)
        conv.weight.copy_(kernel.mT.flatten(0, 1).view_as(conv.weight))
        conv.bias.copy_(bias.flatten())
        old.step(spec, wanted, before.sources)
        for track in (clean, *moved):
            track.step(spec, track.before_activation(conv), backbone.sources)


def distances(model: Captioner, before: Captioner, photos: tuple[Tensor, Sequence[Tensor]]) -> str:
    """How far the map is from that of the network before, and how far disturbances move it."""
    pixel_values, views = photos

    def maps(network: Captioner, x: Tensor) -> Tensor:
        return torch.cat([network.backbone(part) for part in x.split(CHUNK)])

    wanted, clean = maps(before, pixel_values), maps(model, pixel_values)
    spread = (wanted - wanted.mean(dim=(0, 2, 3), keepdim=True)).square().mean()
    moved = torch.stack([(maps(model, view) - clean).square().mean() for view in views]).mean()
    away = (clean - wanted).square().mean()
    return f'{(away / spread).sqrt():.3f} from before, moved by {(moved / spread).sqrt():.4f}'


def main() -> None:
    """Make a checkpoint's encoder steadier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--start', type=Path, required=True, help='checkpoint')
    parser.add_argument('--out', type=Path, required=True, help='checkpoint')
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--early', type=float, default=60.0, help=f'weight before conv{LATE}')
    parser.add_argument('--late', type=float, default=30.0, help='weight from there on')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    sets = [args.data / name for name in args.sets]
    all_photos = read_photos(sets)
    pixels = prepare_pixels(sets, all_photos, args.work / 'pixels.npy')
    train = [photo.row for photo in all_photos if photo.split == 'train']
    rng = np.random.default_rng(args.seed)
    generator = torch.Generator().manual_seed(args.seed)

    def draw(count: int, ways: int, split: list[int]) -> tuple[Tensor, list[Tensor]]:
        rows = np.sort(rng.permutation(split)[:count])
        views = to_pixel_values(pixels[rows])
        return views, [
            torch.cat([returned(part, generator) for part in views.split(CHUNK)])
            for _ in range(ways)
        ]

    before = load_captioner(args.start)
    model = copy.deepcopy(before)
    layers = len(model.backbone.specs)
    networks = model.backbone, before.backbone
    steady_layers(*networks, draw(EARLY_PHOTOS, EARLY_WAYS, train), args.early, 0, LATE)
    steady_layers(*networks, draw(LATE_PHOTOS, LATE_WAYS, train), args.late, LATE, layers)
    with torch.no_grad():
        rows = [photo.row for photo in all_photos if photo.split == 'val']
        val = draw(EARLY_PHOTOS, 1, rows)
        print(f'encoder: {distances(model, before, val)}; {distances(before, before, val)} was it')
    checkpoint = torch.load(args.start, map_location='cpu', weights_only=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    vocabulary = args.out.parent / 'vocabulary.txt'
    if not vocabulary.exists():
        shutil.copy(args.start.parent / 'vocabulary.txt', vocabulary)
    torch.save({**checkpoint, 'ema': model.state_dict()}, args.out)


if __name__ == '__main__':
    main()
