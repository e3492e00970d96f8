"""Shape of the network; stored with every checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class CaptionerConfig:
    """Everything that decides which weights there are."""

    vocabulary: int
    encoder: str = 'lite2'
    width: int = 256
    heads: int = 4
    decoder_layers: int = 3
    feed_forward: int = 1024
    dropout: float = 0.1
    max_length: int = 22
    grid: int = 7
    feature_channels: int = 1280
    classes: int = 1000
    concepts: tuple[int, ...] = ()
    """Words: taught only, then taught and hinted, then hinted only (`data.concepts`)."""
    taught: int = 0
    hinted_from: int = 0
    hint_sharpness: float = 1.4
    """What the class logits are multiplied by before they become hints: above 1 the likeliest class
    speaks louder."""
    concepts_seen: int = 20
    concepts_fade: float = 2.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        return asdict(self)
