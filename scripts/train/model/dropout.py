"""Dropout with a cheap source of random bytes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

_bytes = np.random.Generator(np.random.SFC64(0))


def seed_dropout(seed: int) -> None:
    """Restart the random bytes of every `Dropout`."""
    global _bytes
    _bytes = np.random.Generator(np.random.SFC64(seed))


class Dropout(nn.Module):
    """As `nn.Dropout`, the rate rounded to 1/256.

    PyTorch draws each Bernoulli number on a CPU by itself, which takes over half of the decoder's
    forward pass; one random byte a number is 20 times as fast.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropped = round(rate * 256)

    def forward(self, x: Tensor) -> Tensor:
        """Zero about `rate` of x and scale up the rest; the identity outside of training."""
        if not self.training or self.dropped == 0:
            return x
        if x.device.type != 'cpu':
            return F.dropout(x, self.dropped / 256)
        noise = torch.frombuffer(bytearray(_bytes.bytes(x.numel())), dtype=torch.uint8)
        keep = (noise >= self.dropped).view(x.shape).to(x.dtype)
        return x * keep.mul_(256 / (256 - self.dropped))


MISSING_CELLS = 1 / 8
MISSING_CONCEPTS = 1 / 5


def thinned(memory: Tensor, cells: int) -> Tensor:
    """Memory [photos, cells + concepts, width] with a part of its vectors left out, for training.

    As an attention dropout that all layers and words share: no word may hang on one vector.
    """
    noise = torch.frombuffer(
        bytearray(_bytes.bytes(memory.shape[0] * memory.shape[1])), dtype=torch.uint8
    )
    shares = torch.full((memory.shape[1],), MISSING_CONCEPTS)
    shares[:cells] = MISSING_CELLS
    keep = noise.view(memory.shape[:2]) >= 256 * shares
    return memory * keep.to(memory.device, memory.dtype).unsqueeze(-1)
