"""A run's folder: its last state, slim checkpoints of its epochs, its log."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from model.captioner import Captioner


class RunFolder:
    """WORK/NAME."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.last = folder / 'last.pt'

    def resume(
        self,
        model: Captioner,
        optimizer: torch.optim.Optimizer,
        ema: dict[str, Tensor],
        device: torch.device,
    ) -> tuple[int, int]:
        """Load the last state into all three, if there is one; epochs and steps that are done."""
        if not self.last.exists():
            return 0, 0
        saved = torch.load(self.last, map_location=device, weights_only=True)
        model.load_state_dict(saved['model'])
        optimizer.load_state_dict(saved['optimizer'])
        ema.update(saved['ema'])
        return saved['epoch'], saved['step']

    def save(
        self,
        model: Captioner,
        optimizer: torch.optim.Optimizer,
        ema: dict[str, Tensor],
        epoch: int,
        step: int,
        slim: bool = True,
    ) -> None:
        """Keep the state to go on from; with `slim` also the averaged weights of this epoch."""
        config = model.config.to_dict()
        state = {'model': model.state_dict(), 'optimizer': optimizer.state_dict()}
        part = self.last.with_suffix('.part')
        torch.save({'config': config, **state, 'ema': ema, 'epoch': epoch, 'step': step}, part)
        part.rename(self.last)
        if slim:
            weights = {'config': config, 'ema': ema, 'epoch': epoch}
            torch.save(weights, self.folder / f'epoch{epoch:02d}.pt')

    def log(self, line: dict[str, object]) -> None:
        """Print a line and add it to `log.jsonl`."""
        text = json.dumps(line)
        print(text, flush=True)
        with (self.folder / 'log.jsonl').open('a') as log:
            log.write(text + '\n')
