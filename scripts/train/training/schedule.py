"""Learning rates over a run."""

from __future__ import annotations

import math


def rate_at(step: int, steps: int, warmup: int) -> float:
    """Share of the full learning rate: linear warm-up, then cosine to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
