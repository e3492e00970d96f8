"""Checks of `steady_kernels.py`. Run: python steady_kernels_test.py."""

from __future__ import annotations

import copy

import torch

from encoder import EfficientNetLite
from steady_kernels import Moments, Track, steady_kernel, steady_layers

# Up to the first residual, with kernels of 1, 3 and 7, strides of 1 and 2, and depthwise layers.
LAYERS = 9


def small_encoder() -> EfficientNetLite:
    """The first layers of the encoder, at random, so that their maps neither die nor saturate."""
    torch.manual_seed(0)
    encoder = EfficientNetLite()
    encoder.specs = encoder.specs[:LAYERS]
    assert encoder.specs[-1].residual_from is not None
    for spec in encoder.specs:
        fan_in = spec.kernel**2 * spec.in_channels / spec.groups
        torch.nn.init.normal_(encoder.convs[spec.name].weight, std=(2 / fan_in) ** 0.5)
    return encoder.eval()


def pictures() -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Smooth pictures [24, 3, 40, 40], and the same with grain."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.randn(24, 3, 10, 10, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, scale_factor=4, mode='bicubic')
    grain = [0.1 * torch.randn(smooth.shape, generator=generator) for _ in range(2)]
    return smooth, [smooth + noise for noise in grain]


@torch.no_grad()
def check_track() -> None:
    """A track gives what the encoder gives, layer by layer."""
    encoder = small_encoder()
    photos, _ = pictures()
    track = Track(list(photos.split(16)))
    for spec in encoder.specs:
        track.step(spec, track.before_activation(encoder.convs[spec.name]), encoder.sources)
    assert (torch.cat(track.maps) - encoder(photos)).abs().max() < 1e-4


def check_kernel() -> None:
    """The kernel is that of least squares over photos and, weighted, disturbances."""
    generator = torch.Generator().manual_seed(2)
    x, away = torch.randn(2, 5, 400, generator=generator)[:, None]
    y, against = torch.randn(2, 3, 400, generator=generator)[:, None]
    x = x + 2
    moments = Moments()
    moments.add(x, y)
    moments.add_noise(away, against, 1.0)
    old = torch.zeros(1, 5, 3)
    kernel, bias = steady_kernel(moments, 9.0, old)
    ones, none = torch.ones(400, 1), torch.zeros(400, 1)
    rows = torch.cat((torch.cat((x[0].T, ones), 1), torch.cat((3 * away[0].T, none), 1)))
    found = torch.linalg.lstsq(rows, torch.cat((y[0].T, 3 * against[0].T))).solution
    assert (torch.cat((kernel[0], bias)).float() - found).abs().max() < 5e-3


@torch.no_grad()
def check_layers() -> None:
    """Grain moves the map far less, photos without it give about the same map."""
    before = small_encoder()
    photos = pictures()
    wanted = before(photos[0])
    spread = wanted.var().sqrt()

    def errors(encoder: EfficientNetLite) -> tuple[float, float]:
        clean = encoder(photos[0])
        moved = torch.stack([(encoder(view) - clean).square().mean() for view in photos[1]])
        away = (clean - wanted).square().mean()
        return (away.sqrt() / spread).item(), (moved.mean().sqrt() / spread).item()

    _, was = errors(before)
    found = []
    for weight in (0.0, 10.0):
        encoder = copy.deepcopy(before)
        steady_layers(encoder, before, photos, weight, 0, LAYERS)
        found.append(errors(encoder))
    (same, unchanged), (away, moved) = found
    assert same < 0.02 and abs(unchanged / was - 1) < 0.1, found
    assert away < 0.2 and moved < was / 2, (found, was)


def check_residual() -> None:
    """At the last layer, which has a residual, no other kernel is better."""
    before = small_encoder()
    photos, views = pictures()
    with torch.no_grad():
        wanted = before(photos)
    steady = copy.deepcopy(before)
    steady_layers(steady, before, (photos, views), 10.0, 0, LAYERS)
    last = steady.specs[-1].name

    def slope(kernel: torch.Tensor) -> float:
        """Of what is to be least, at a kernel of the last layer."""
        encoder = copy.deepcopy(steady)
        weight = encoder.convs[last].weight
        weight.data.copy_(kernel)
        clean = encoder(photos)
        moved = torch.stack([(encoder(view) - clean).square().mean() for view in views])
        loss = (clean - wanted).square().mean() + 10 * moved.mean()
        return torch.autograd.grad(loss, weight)[0].norm().item()

    assert slope(steady.convs[last].weight) < 0.01 * slope(before.convs[last].weight)


if __name__ == '__main__':
    check_track()
    check_kernel()
    check_layers()
    check_residual()
    print('steady kernels: as expected')
