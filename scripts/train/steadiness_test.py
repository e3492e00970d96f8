"""Checks of `steadiness.py`. Run: python steadiness_test.py."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from steadiness import TO_RGB, TO_YCC, disturbed, returned, round_trip, saved_again, shifts

BICUBIC = Image.Resampling.BICUBIC


def picture() -> np.ndarray:
    """Waves of several lengths in three colours, [224, 224, 3] uint8."""
    y, x = np.mgrid[:224, :224]
    waves = [np.sin(x / a + y / b) for a, b in ((3, 17), (25, 6), (9, 40))]
    return (np.stack(waves, axis=-1) * 100 + 128).astype(np.uint8)


def check_round_trip() -> None:
    """A round trip is what Pillow does to a picture, means of 8 in between."""
    row = picture()[:1, :, 0].astype(np.float32)
    size = 8 * 433
    large = np.asarray(Image.fromarray(row).resize((size, 1), BICUBIC))
    means = large.reshape(1, -1, 8).mean(axis=-1)
    expected = np.asarray(Image.fromarray(means).resize((224, 1), Image.Resampling.LANCZOS))
    found = round_trip(size, BICUBIC, 0.0) @ row[0]
    assert np.abs(found - expected[0]).max() < 1e-3
    for size in (300, 777, 5000):
        assert np.abs(round_trip(size, BICUBIC, 0.05).sum(axis=1) - 1).max() < 1e-4
    # A picture that lies to the right of where it was: its brightness, rising, is less everywhere.
    ramp = np.arange(224, dtype=np.float32)
    moved = round_trip(4000, BICUBIC, -0.05) @ ramp - round_trip(4000, BICUBIC, 0.0) @ ramp
    assert np.abs(moved[8:-8] + 0.05).max() < 0.01


def check_saved_again() -> None:
    """It comes nearer to what Pillow's JPEG makes of a picture than the picture is."""
    pixels = picture()
    values = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    for quality in (75, 90):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, 'JPEG', quality=quality, subsampling=0)
        expected = np.asarray(Image.open(file)).astype(np.float32)
        ycc = torch.einsum('dc,pchw->pdhw', TO_YCC, values)
        again = torch.einsum('dc,pchw->pdhw', TO_RGB, saved_again(ycc, torch.tensor([quality])))
        found = ((again[0].permute(1, 2, 0).numpy() + 1) * 127.5).clip(0, 255)
        apart = np.abs(found - expected).mean()
        assert apart < 0.6 * np.abs(pixels - expected).mean(), (quality, apart)


def check_disturbed() -> None:
    """Whole levels, in range, about as bright, changed a little, and the same for a seed."""
    pixels = torch.from_numpy(picture()).permute(2, 0, 1)[None].repeat(16, 1, 1, 1)
    values = pixels.float() / 127.5 - 1
    once = disturbed(values, torch.Generator().manual_seed(3))
    assert torch.equal(once, disturbed(values, torch.Generator().manual_seed(3)))
    levels = (once + 1) * 127.5
    assert (levels - levels.round()).abs().max() < 1e-3
    assert levels.min() >= -1e-3 and levels.max() <= 255.001
    apart = (levels - pixels).square().mean(dim=(1, 2, 3)).sqrt()
    assert apart.min() > 0.05 and apart.max() < 12, apart
    assert (levels - pixels).mean().abs() < 0.3


def check_returned() -> None:
    """Waves move by what is asked for; a plain picture gets the noise that was promised."""
    x = np.arange(224)
    wave = torch.from_numpy(np.cos((x + 0.5) * np.pi / 28).astype(np.float32))
    for matrix, by in zip(shifts()[::8], (-0.08, 0.0, 0.08)):
        moved = torch.from_numpy(np.cos((x + 0.5 - by) * np.pi / 28).astype(np.float32))
        assert (matrix @ wave - moved)[8:-8].abs().max() < 1e-3, by
    grey = torch.zeros(8, 3, 224, 224)
    once = returned(grey, torch.Generator().manual_seed(3))
    assert torch.equal(once, returned(grey, torch.Generator().manual_seed(3)))
    light, *colour = torch.einsum('dc,pchw->dphw', TO_YCC, once * 127.5)
    assert abs(light.std().item() - 0.25) < 0.01
    assert all(0.15 < channel.std().item() < 0.35 for channel in colour)


if __name__ == '__main__':
    check_round_trip()
    check_saved_again()
    check_disturbed()
    check_returned()
    print('steadiness: as expected')
