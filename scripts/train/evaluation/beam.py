"""Beam search as Hugging Face `generate` does it, over a batch of photos at once.

The rule: at each step the 2 * beams best continuations of a photo are looked at in order; one that
ends in eos, or that fills `max_length`, becomes a finished hypothesis if it ranks among the first
`beams` (others are dropped), and the best `beams` that do not end go on. Scores of finished
hypotheses are the sum of log-probabilities divided by (number of new tokens, eos counted) **
length_penalty. With `early_stopping=True` a photo is done as soon as `beams` hypotheses are
finished; with False, when moreover no running beam beats the worst finished one at its present
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from model.captioner import Captioner, KeysValues


@dataclass(frozen=True)
class BeamOptions:
    """Search settings, with Hugging Face's meanings."""

    beams: int = 3
    max_length: int = 20
    length_penalty: float = 1.0
    early_stopping: bool = True
    no_repeat_ngram: int = 0
    bos: int = 1
    eos: int = 2
    suppress: tuple[int, ...] = (0, 1, 3)


def repeating(words: Sequence[int], size: int) -> set[int]:
    """Tokens that would end a run of `size` tokens which is there already; none with size 0."""
    if size == 0 or len(words) < size:
        return set()
    start = words[len(words) - size + 1 :]
    ends = range(size - 1, len(words))
    return {words[end] for end in ends if words[end - size + 1 : end] == start}


@dataclass
class Hypotheses:
    """The finished captions of one photo, best kept."""

    options: BeamOptions
    kept: list[tuple[float, list[int]]] = field(default_factory=list)
    done: bool = False

    def add(self, total: float, tokens: list[int]) -> None:
        """Add a finished caption (tokens without bos) and drop the worst beyond `beams`."""
        score = total / len(tokens) ** self.options.length_penalty
        self.kept.append((score, tokens))
        self.kept.sort(key=lambda item: -item[0])
        del self.kept[self.options.beams :]

    def update_done(self, best_running: float, length: int) -> None:
        """Decide whether the search of this photo ends after `length` new tokens."""
        if self.done or len(self.kept) < self.options.beams:
            return
        best_reachable = best_running / length**self.options.length_penalty
        self.done = self.options.early_stopping or self.kept[-1][0] >= best_reachable


class StepDecoder(Protocol):
    """A decoder in the middle of several captions; rows are photos * beams."""

    def step(self, tokens: Tensor) -> Tensor:
        """The next words' logits [rows, vocabulary] after tokens [rows, 1]."""

    def reorder(self, rows: Tensor) -> None:
        """Let every row go on from another row's past."""


class TorchDecoder:
    """Steps of the PyTorch model over memories [photos, 49, width]."""

    def __init__(self, model: Captioner, memory: Tensor, beams: int) -> None:
        self.model = model
        self.cross = model.cross(memory)
        self.past: list[KeysValues] = model.empty_past(memory.shape[0] * beams)

    def step(self, tokens: Tensor) -> Tensor:
        """The next words' logits [rows, vocabulary]."""
        logits, self.past, _ = self.model.step(tokens, self.past, self.cross)
        return logits

    def reorder(self, rows: Tensor) -> None:
        """Pick rows of every cache tensor."""
        self.past = [(keys[rows], values[rows]) for keys, values in self.past]


@torch.no_grad()
def beam_search(
    decoder: StepDecoder, photos: int, options: BeamOptions, device: torch.device | str = 'cpu'
) -> list[tuple[float, list[int]]]:
    """Best caption of every photo as (score, ids without bos, with eos where it was reached)."""
    beams = options.beams
    tokens = torch.full((photos * beams, 1), options.bos, device=device)
    totals = torch.full((photos, beams), -1e9)
    totals[:, 0] = 0.0
    written: list[list[list[int]]] = [[[] for _ in range(beams)] for _ in range(photos)]
    hypotheses = [Hypotheses(options) for _ in range(photos)]

    for length in range(1, options.max_length + 1):
        log_probs = decoder.step(tokens).float().log_softmax(dim=-1)
        log_probs[:, list(options.suppress)] = -torch.inf
        if options.no_repeat_ngram:
            # The begin token counts, as it does in `generate`.
            for row, words in enumerate(beam for photo in written for beam in photo):
                again = repeating([options.bos, *words], options.no_repeat_ngram)
                log_probs[row, list(again)] = -torch.inf
        vocabulary = log_probs.shape[-1]
        running = totals.to(device).unsqueeze(-1)
        candidates = (running + log_probs.view(photos, beams, vocabulary)).flatten(1)
        best, index = candidates.topk(2 * beams, dim=1)
        source = torch.arange(photos * beams).view(photos, beams)
        following = torch.zeros(photos, beams, dtype=torch.long)
        totals = torch.full((photos, beams), -1e9)
        for photo, (row_best, row_index) in enumerate(zip(best.tolist(), index.tolist())):
            hypothesis = hypotheses[photo]
            if hypothesis.done:
                continue
            kept: list[list[int]] = []
            for rank, (total, flat) in enumerate(zip(row_best, row_index)):
                beam, token = divmod(flat, vocabulary)
                words = [*written[photo][beam], token]
                if token == options.eos or length == options.max_length:
                    if rank < beams:
                        hypothesis.add(total, words)
                elif (slot := len(kept)) < beams:
                    source[photo, slot] = photo * beams + beam
                    following[photo, slot] = token
                    totals[photo, slot] = total
                    kept.append(words)
            # A search that is over keeps its place among the rows.
            written[photo] = kept + [[]] * (beams - len(kept))
            hypothesis.update_done(totals[photo, 0].item(), length)
        if all(hypothesis.done for hypothesis in hypotheses):
            break
        decoder.reorder(source.flatten().to(device))
        tokens = following.view(-1, 1).to(device)

    return [hypothesis.kept[0] for hypothesis in hypotheses]
