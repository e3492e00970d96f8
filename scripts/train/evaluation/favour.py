"""A second search for captions that say nothing of what the photo surely shows.

As `packages/core/src/search/tag-bias.ts` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from evaluation.beam import BeamOptions, StepDecoder, beam_search

Found = tuple[float, list[int]]


class BiasedDecoder:
    """Raises the logits of some tokens in every row that has said none of them yet."""

    def __init__(self, decoder: StepDecoder, favoured: Mapping[int, float]) -> None:
        self.decoder = decoder
        self.tokens = torch.tensor(list(favoured))
        self.bias = torch.tensor(list(favoured.values()))
        self.said: Tensor | None = None

    def step(self, tokens: Tensor) -> Tensor:
        """The next words' logits [rows, vocabulary] after tokens [rows, 1]."""
        now = torch.isin(tokens[:, 0], self.tokens)
        self.said = now if self.said is None else self.said | now
        logits = self.decoder.step(tokens).clone()
        logits[:, self.tokens] += self.bias * ~self.said[:, None]
        return logits

    def reorder(self, rows: Tensor) -> None:
        """Let every row go on from another row's past."""
        self.decoder.reorder(rows)
        if self.said is not None:
            self.said = self.said[rows]


def search_favouring(
    start: Callable[[], StepDecoder], favoured: Mapping[int, float], options: BeamOptions
) -> Found:
    """The best caption of one photo, as `beam_search` gives it.

    start: gives a decoder before its first step; favoured: what is added to tokens' logits in a
    second search, where the best caption says none of them.
    """
    [plain] = beam_search(start(), 1, options)
    if not favoured or any(token in favoured for token in plain[1]):
        return plain
    [again] = beam_search(BiasedDecoder(start(), favoured), 1, options)
    return again if any(token in favoured for token in again[1]) else plain
