"""Batches from two processes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from data.photos import Photo
from model.encoder import EfficientNetLite
from training.batches import Batches, BatchMaker


@pytest.mark.parametrize('beside', [False, True])
def test_every_batch_comes_once_and_is_that_of_its_rows(tmp_path: Path, beside: bool) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 224, 224, 3), dtype=np.uint8)
    np.save(tmp_path / 'pixels.npy', pixels)
    photos = [Photo('set', f'{i}.jpg', 'train', ('a dog',), i) for i in range(6)]
    backbone = EfficientNetLite('lite0', 3).eval()
    maker = BatchMaker(pixels, photos, backbone, 0.0, 1)  # No augmentation: the same each time.
    order = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    batches = Batches(maker, tmp_path / 'pixels.npy', 'lite0', beside)
    try:
        for _ in range(2):  # An epoch after the other.
            found = list(batches.of(order))
            assert sorted(rows[0] for rows, _ in found) == [0, 2, 4]
            for rows, x in found:
                assert torch.equal(x, maker.make(rows))
    finally:
        batches.close()
