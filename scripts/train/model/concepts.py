"""Words that the photo as a whole calls to mind, as further memory beside the map's cells."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.config import CaptionerConfig

UNLIKELY = 1e-4
"""Probabilities are held within this of 0 and 1, so that their logits are finite."""


SURE = 0.5
"""A hint above this is surely there: a caption that says no such word is searched again."""


@dataclass(frozen=True)
class Guess:
    """What a photo's pooled features say of its words."""

    taught: Tensor
    """Logits of the taught words, [photos, taught]."""
    classes: Tensor
    """Logits of the ImageNet classes, [photos, 1000]."""
    hints: Tensor
    """Probabilities of the hinted words by the classes alone, [photos, hinted]."""


@dataclass(frozen=True)
class Look:
    """A photo's memory [photos, 49 + seen, width], and the guess behind its words."""

    memory: Tensor
    guess: Guess


class Concepts(nn.Module):
    """Which telling words belong to the photo, from two sources.

    What people would say of it is guessed from the pooled features (Fang et al., "From Captions to
    Visual Concepts and Back", CVPR 2015). What it shows is known to the ImageNet classifier that
    the encoder once was: its probabilities become word probabilities through a fixed matrix
    (`data.concepts`). The likeliest words enter the memory as vectors made from their word
    embeddings, so that what the decoder learns from sentences without photos, to make a sentence of
    a few words, serves it in front of a photo.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.seen = config.concepts_seen
        self.fade = config.concepts_fade
        self.taught = config.taught
        self.hinted_from = config.hinted_from
        self.sharpness = config.hint_sharpness
        ids = torch.tensor(config.concepts, dtype=torch.long)
        hinted = len(ids) - config.hinted_from
        self.register_buffer('ids', ids, persistent=False)
        self.register_buffer('class_words', torch.zeros(config.classes, hinted))
        self.query = nn.Linear(config.feature_channels, config.width)
        self.bias = nn.Parameter(torch.full((config.taught,), -4.0))
        self.head = nn.Linear(config.feature_channels, config.classes)
        self.project = nn.Linear(config.width, config.width)
        self.certainty = nn.Parameter(torch.randn(config.width) * 0.5)
        self.hinted = nn.Parameter(torch.randn(config.width) * 0.5)
        self.norm = nn.LayerNorm(config.width)

    def guess(self, pooled: Tensor, embedding: Tensor) -> Guess:
        """pooled: float32 [photos, channels]; embedding: the vocabulary's, [words, width]."""
        query = self.query(pooled)
        taught = F.linear(query, embedding[self.ids[: self.taught]], self.bias).float()
        classes = self.head(pooled).float()
        # In float32 whatever the rest runs in: small probabilities matter.
        with torch.autocast(pooled.device.type, enabled=False):
            sharp = (self.sharpness * classes.detach()).softmax(dim=-1)
            hints = sharp @ self.class_words
        return Guess(taught, classes, hints)

    def logits(self, taught: Tensor, hints: Tensor) -> Tensor:
        """Logits [photos, concepts] of either source speaking for a word."""
        learned = F.pad(taught.sigmoid(), (0, len(self.ids) - self.taught))
        probability = 1 - (1 - learned) * (1 - F.pad(hints, (self.hinted_from, 0)))
        return torch.logit(probability.clamp(UNLIKELY, 1 - UNLIKELY))

    def tag_bias(self, hints: Tensor) -> Tensor:
        """How much each concept is favoured in a second search, 0-1; [photos, concepts]."""
        return F.pad(((hints - SURE) / (1 - SURE)).clamp(min=0.0), (self.hinted_from, 0))

    def memory(self, words: Tensor, logits: Tensor, hints: Tensor) -> Tensor:
        """Memory vectors [rows, seen, width] of concepts in order, the likeliest first.

        words: embeddings [rows, seen, width]; logits: [rows, seen + 1], one more, which is the
        first that is not shown; hints: [rows, seen]. A concept counts in full that leads that one
        by `concepts_fade`; as the lead falls, the vector fades to 0, so that nothing jumps when two
        concepts change places.
        """
        scaled = self.project(words * words.shape[-1] ** 0.5)
        shown, left_out = logits[:, :-1, None], logits[:, -1:, None]
        sure = shown.sigmoid() * self.certainty + hints[:, :, None] * self.hinted
        return self.norm(scaled + sure) * ((shown - left_out) / self.fade).clamp(max=1.0)

    def likeliest(self, guess: Guess, embedding: Tensor, hints: Tensor | None = None) -> Tensor:
        """Memory [photos, seen, width] of the likeliest concepts.

        hints: [photos, hinted] to show in place of the guess's.
        """
        hints = guess.hints if hints is None else hints
        logits = self.logits(guess.taught, hints)
        top = logits.topk(self.seen + 1, dim=-1)
        shown = top.indices[:, :-1]
        said = F.pad(hints, (self.hinted_from, 0)).gather(1, shown)
        return self.memory(embedding[self.ids[shown]], top.values, said)
