"""Augmented photos after the encoder's frozen layers, made ahead by a process beside.

The frozen layers and the augmentation need nothing that training changes, and take a third of a
step: whatever another processor has left over goes there. When it has nothing left, the batch is
made here.
"""

from __future__ import annotations

import multiprocessing as mp
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

import numpy as np
import torch
from torch import Tensor

from data.photos import Photo, augment, to_pixel_values
from model.encoder import EfficientNetLite

AHEAD = 6
"""Batches kept ready, at most."""


class BatchMaker:
    """Augments photos and runs the frozen layers on them."""

    def __init__(
        self,
        pixels: np.ndarray,
        photos: list[Photo],
        backbone: EfficientNetLite,
        strength: float,
        seed: int,
        hard: bool = False,
    ) -> None:
        self.pixels = pixels
        self.photos = photos
        self.backbone = backbone
        self.strength = strength
        self.hard = hard
        self.generator = torch.Generator().manual_seed(seed)
        self.device = next(backbone.parameters()).device

    def make(self, rows: np.ndarray) -> Tensor:
        """The frozen layers' map of an augmented view of each photo."""
        batch = [self.photos[row] for row in rows]
        x = to_pixel_values(self.pixels[[photo.row for photo in batch]])
        if self.strength > 0:
            may_flip = torch.tensor([photo.may_flip for photo in batch])
            x = augment(x, may_flip, self.generator, self.strength, self.hard)
        x = x.to(self.device).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            return self.backbone.begin(x) if self.backbone.frozen_layers else x


@dataclass(frozen=True)
class _Task:
    """What the process beside needs, as plain values and arrays."""

    pixels: Path
    photos: list[Photo]
    encoder: str
    frozen_layers: int
    weights: dict[str, np.ndarray]
    strength: float
    seed: int
    hard: bool


def _work(task: _Task, orders, places, done) -> None:
    """Make batches of each order that comes, until none does."""
    os.nice(5)
    torch.set_num_threads(1)
    backbone = EfficientNetLite(task.encoder, task.frozen_layers).eval()
    backbone.load_state_dict({name: torch.from_numpy(w) for name, w in task.weights.items()})
    backbone = backbone.to(memory_format=torch.channels_last)
    pixels = np.load(task.pixels, mmap_mode='r')
    maker = BatchMaker(pixels, task.photos, backbone, task.strength, task.seed, task.hard)
    while (order := orders.get()) is not None:
        while (place := next_place(places)) < len(order):
            # bfloat16 is unknown to NumPy; its bits are not.
            x = maker.make(order[place]).permute(0, 2, 3, 1).contiguous()
            done.put((place, x.view(torch.int16).numpy()))
        done.put(None)


def next_place(places) -> int:
    """The next batch of the order, whoever makes it."""
    with places.get_lock():
        place = places.value
        places.value += 1
    return place


class Batches:
    """Batches of photos in a given order, as many as it manages from a process beside."""

    def __init__(self, maker: BatchMaker, path: Path, encoder: str, beside: bool) -> None:
        """path: the pixels' memory map, opened again in the process beside."""
        self.maker = maker
        self.process = None
        if beside and maker.backbone.frozen_layers:
            context = mp.get_context('spawn')
            self.orders, self.done = context.Queue(), context.Queue(AHEAD)
            self.places = context.Value('l', 0)
            weights = {n: w.cpu().numpy() for n, w in maker.backbone.state_dict().items()}
            layers = maker.backbone.frozen_layers
            seed = maker.generator.initial_seed() + 50
            task = _Task(
                path, maker.photos, encoder, layers, weights, maker.strength, seed, maker.hard
            )
            work = (task, self.orders, self.places, self.done)
            self.process = context.Process(target=_work, args=work, daemon=True)
            self.process.start()

    def of(self, order: list[np.ndarray]) -> Iterator[tuple[np.ndarray, Tensor]]:
        """(rows, map) of every batch of the order, in the order in which they are ready."""
        if self.process is None:
            for rows in order:
                yield rows, self.maker.make(rows)
            return
        self.places.value = 0
        self.orders.put(order)
        others_done = False
        for _ in order:
            while True:
                try:
                    made = self.done.get_nowait()
                except Empty:
                    place = next_place(self.places)
                    if place < len(order):
                        x = self.maker.make(order[place])
                        break
                    made = self.done.get(timeout=600)
                if made is not None:
                    place, x = self._ready(made)
                    break
                others_done = True
            yield order[place], x
        # The next order starts counting anew: nobody may still count in this one.
        if not others_done:
            self.done.get(timeout=600)

    def _ready(self, made: tuple[int, np.ndarray]) -> tuple[int, Tensor]:
        place, bits = made
        x = torch.from_numpy(bits).view(torch.bfloat16).permute(0, 3, 1, 2)
        return place, x.to(self.maker.device)

    def close(self) -> None:
        """End the process beside."""
        if self.process is not None:
            self.orders.put(None)
            self.process.join(10)
            self.process.kill()
