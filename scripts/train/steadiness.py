"""Photos as they come back from resizing and saving again, and how far the network minds.

To a person such a photo is the same. Zheng et al., "Improving the Robustness of Deep Neural
Networks via Stability Training" (CVPR 2016), train a network to answer alike to both; here the
disturbances are those that photos meet on their way to a captioner.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dataset import SIZE
from model import Captioner

# ITU-T T.81, tables K.1 and K.2.
LUMINANCE = """
16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100
103 99
"""
CHROMINANCE = """
17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99
"""

# RGB in -1..1 to luma and colour differences and back (JFIF, without offsets).
TO_YCC = torch.tensor(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
)
TO_RGB = torch.linalg.inv(TO_YCC)


def resampling(source: int, size: int, kernel: Image.Resampling) -> np.ndarray:
    """What Pillow's `resize` does along an axis, as a matrix [size, source]."""
    # One picture whose rows are impulses: every column of the answer is a response.
    impulses = Image.fromarray(np.eye(source, dtype=np.float32))
    return np.asarray(impulses.resize((size, source), kernel)).T


def round_trip(size: int, kernel: Image.Resampling, shift: float) -> np.ndarray:
    """224 pixels enlarged to `size`, decoded at a reduced size, and shrunk to 224 again.

    The decoder gives means of 1, 2, 4 or 8 pixels, the most that leave 224 of them; the last one
    may be the mean of fewer. shift: by so much of the 224 pixels the software misplaces the
    picture, to whole pixels of `size` (libvips, enlarging, by 0.04).
    """
    factor = max(f for f in (1, 2, 4, 8) if -(-size // f) >= SIZE or f == 1)
    moved = np.arange(size) + round(shift * size / SIZE)
    large = resampling(SIZE, size, kernel)[moved.clip(0, size - 1)]
    means = np.stack([large[i : i + factor].mean(axis=0) for i in range(0, size, factor)])
    shrink = Image.fromarray(np.eye(len(means), dtype=np.float32))
    box = (0, 0, size / factor, len(means))
    back = np.asarray(shrink.resize((SIZE, len(means)), Image.Resampling.LANCZOS, box)).T
    return (back @ means).astype(np.float32)


@cache
def round_trips() -> Tensor:
    """96 round trips [96, 224, 224], spread over sizes from 300 to 8,000 pixels a side.

    They go further than software does, so that their effect stands out from the rounding of
    bfloat16 in training: misplaced by up to 0.25, and made once, twice or three times.
    """
    sizes = np.geomspace(300, 8000, 48).round().astype(int)
    kernels = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS
    kinds = [(size, kernel) for size in sizes for kernel in kernels]
    shifts = np.random.default_rng(0).uniform(-0.25, 0.25, len(kinds))
    trips = []
    for i, ((size, kernel), shift) in enumerate(zip(kinds, shifts)):
        times = i % 3 + 1
        once = round_trip(size, kernel, shift / times)
        trips.append(np.linalg.matrix_power(once, times))
    return torch.from_numpy(np.stack(trips))


@cache
def dct_matrix() -> Tensor:
    """The orthonormal 8-point discrete cosine transform, [8, 8] (T.81, A.3.3)."""
    k, n = np.mgrid[:8, :8]
    matrix = np.cos((2 * n + 1) * k * np.pi / 16) * np.where(k == 0, 0.125, 0.25) ** 0.5
    return torch.from_numpy(matrix.astype(np.float32))


@cache
def standard_tables() -> Tensor:
    """Quantisation tables of the three channels at quality 50, [3, 8, 8], in levels of 0-255."""
    tables = [[float(x) for x in text.split()] for text in (LUMINANCE, CHROMINANCE, CHROMINANCE)]
    return torch.tensor(tables).view(3, 8, 8)


def saved_again(ycc: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of ycc [photos, 3, h, w] (in -1..1, sides of 8) at quality 50-100 [photos].

    The scaling of the tables by quality is that of libjpeg.
    """
    photos, channels, height, width = ycc.shape
    scale = (2 - quality / 50).view(-1, 1, 1, 1)
    steps = (standard_tables() * scale).round().clamp(min=1.0)[:, :, None, :, None, :] / 127.5
    blocks = ycc.reshape(photos, channels, height // 8, 8, width // 8, 8)
    dct = dct_matrix()
    blocks = torch.einsum('uy,pcaybx,vx->pcaubv', dct, blocks, dct)
    blocks = (blocks / steps).round() * steps
    return torch.einsum('uy,pcaubv,vx->pcaybx', dct, blocks, dct).reshape(ycc.shape)


def disturbed(pixel_values: Tensor, generator: torch.Generator) -> Tensor:
    """Views [photos, 3, 224, 224] in -1..1 as they come back from a trip through other software.

    Each of the following happens to some: enlarged and decoded again at a reduced size (80 %),
    colour at half the resolution (40 %), saved as JPEG of quality 85-97 (15 %), grain of up to
    0.8 levels of 255, values rounded to levels.
    """
    n = len(pixel_values)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    def happens(share: float) -> Tensor:
        return (torch.rand(n, generator=generator) < share).nonzero()[:, 0]

    out = torch.einsum('dc,pchw->pdhw', TO_YCC, pixel_values)
    if len(rows := happens(0.8)):
        trips = round_trips()
        across, down = (
            trips[torch.randint(len(trips), (len(rows),), generator=generator)] for _ in range(2)
        )
        out[rows] = down[:, None] @ out[rows] @ across[:, None].transpose(-1, -2)
    if len(rows := happens(0.4)):
        halved = torch.nn.functional.avg_pool2d(out[rows, 1:], 2)
        out[rows, 1:] = halved.repeat_interleave(2, -1).repeat_interleave(2, -2)
    quality = uniform(85, 97)
    if len(rows := happens(0.15)):
        out[rows] = saved_again(out[rows], quality[rows])
    out = torch.einsum('dc,pchw->pdhw', TO_RGB, out)
    grain = uniform(0.0, 0.8).view(-1, 1, 1, 1) / 127.5
    noise = torch.randint(-127, 128, out.shape, dtype=torch.int8, generator=generator)
    out = out + noise * (grain / 73.5)
    return out.add_(1.0).mul_(127.5).round_().div_(127.5).sub_(1.0).clamp_(-1.0, 1.0)


@cache
def plain_trips() -> Tensor:
    """Round trips [32, 3, 224, 224]: 32 sizes from 400 to 8,000, by three kernels each."""
    sizes = np.geomspace(400, 8000, 32).round().astype(int)
    kernels = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR
    trips = [[round_trip(size, kernel, 0.0) for kernel in kernels] for size in sizes]
    return torch.from_numpy(np.stack([np.stack(row) for row in trips]))


@cache
def shifts() -> Tensor:
    """Shifts by up to 0.08 pixels either way, as matrices [17, 224, 224], mirrored at the edges."""
    mirrored = np.concatenate((np.eye(SIZE), np.eye(SIZE)[::-1]))
    waves = np.fft.fft(mirrored, axis=0)
    frequencies = np.fft.fftfreq(2 * SIZE)[:, np.newaxis]
    moved = [
        np.fft.ifft(waves * np.exp(-2j * np.pi * frequencies * by), axis=0).real[:SIZE]
        for by in np.linspace(-0.08, 0.08, 17)
    ]
    return torch.from_numpy(np.stack(moved).astype(np.float32))


def returned(pixel_values: Tensor, generator: torch.Generator) -> Tensor:
    """Views [photos, 3, 224, 224] in -1..1 as photos that were enlarged and saved come back.

    Nothing is exaggerated: the round trip, a shift of up to 0.08 pixels, and what JPEG leaves at a
    good quality, of 0.25 levels in light and 0.35 in colour, which it stores at half the size.
    """
    n = len(pixel_values)

    def drawn(choices: Tensor) -> Tensor:
        return choices[torch.randint(len(choices), (n,), generator=generator)]

    trips = drawn(plain_trips())[torch.arange(n), torch.randint(3, (n,), generator=generator)]
    down, across = trips @ drawn(shifts()), trips @ drawn(shifts())
    noise = torch.randn(pixel_values.shape, generator=generator) * (0.25 / 127.5)
    colour = torch.randn(n, 2, SIZE // 2, SIZE // 2, generator=generator) * (0.35 / 127.5)
    noise[:, 1:] = torch.nn.functional.interpolate(colour, scale_factor=2, mode='bilinear')
    moved = down[:, None] @ pixel_values @ across[:, None].mT
    return (moved + torch.einsum('dc,pchw->pdhw', TO_RGB, noise)).clamp_(-1.0, 1.0)


def relative_distance(a: Tensor, b: Tensor, scale: Tensor) -> Tensor:
    """Mean squared distance of [photos, n, width], in units of the variance of `scale`."""
    spread = scale - scale.mean(dim=(0, 1), keepdim=True)
    return (a - b).square().mean() / spread.square().mean()


# How much the words and the concepts of a photo may change weighs against its map.
WORDS_SHARE = 20.0
CONCEPTS_SHARE = 0.2


def unsteadiness(
    model: Captioner, features: Tensor, log_probs: Tensor, real: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """How differently the network answers to views and to the same ones disturbed.

    features: of the views, then of the disturbed; log_probs: [2, words, vocabulary], of the same
    words in front of both; real as in `divergence`. Gives the weighted sum, and its parts: words,
    map, concepts.
    """
    cells, guesses = seen(model, features)
    first, second = guesses.chunk(2)
    words = divergence(log_probs[0], log_probs[1], real)
    moved = relative_distance(*cells.chunk(2), cells.detach())
    concepts = (first - second).square().mean()
    return WORDS_SHARE * words + moved + CONCEPTS_SHARE * concepts, (words, moved, concepts)


def seen(model: Captioner, features: Tensor) -> tuple[Tensor, Tensor]:
    """What the rest of the network takes from a feature map, as float32.

    The projected cells [photos, 49, width] and the logits of the concepts [photos, concepts].
    """
    cells = model.project(features.flatten(2).transpose(1, 2))
    return cells.float(), model.concepts.logits(features, model.embedding.weight).float()


def divergence(a: Tensor, b: Tensor, real: Tensor) -> Tensor:
    """Symmetric Kullback-Leibler divergence, mean a word, of log-probabilities [words, vocabulary].

    real: [words], 1 for each word that counts and 0 for others.
    """
    each = ((a.exp() - b.exp()) * (a - b)).sum(dim=-1)
    return (each * real).sum() / (2 * real.sum())


def anchor_log_probs(anchor: Captioner, views: Tensor, drawn: Tensor, words: Tensor) -> Tensor:
    """What another network makes of captions drawn, without gradients: [words, vocabulary].

    views: the photos undisturbed; drawn: [captions, length + 1]; words: places in the captions
    without their first token, flattened.
    """
    with torch.no_grad():
        cross = anchor.cross(anchor.memory(anchor.backbone(views)))
        states = anchor.hidden(drawn[:, :-1], cross).flatten(0, 1)
        return anchor.logits(states[words]).float().log_softmax(-1)


def distance_from(wanted: Tensor, found: Tensor, real: Tensor) -> Tensor:
    """Kullback-Leibler divergence, mean a word, of log-probabilities found [views, words, n].

    wanted: [words, n], the same for all views; real as in `divergence`.
    """
    each = (wanted.exp() * (wanted - found)).sum(dim=-1)
    return (each * real).sum() / (len(found) * real.sum())
