"""What the tags of a photo do to the words of its captions.

As `packages/core/src/search/tag-influence.ts`, `tag-logits.ts` and `tag-search.ts` do it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from evaluation.beam import BeamOptions, StepDecoder, beam_search

Found = tuple[float, list[int]]
Added = Mapping[int, float]

LEAST_LIKELY = 0.03
MOST_LIKELY = 0.9999


@dataclass(frozen=True)
class Influence:
    """`likely` is added until a word is said, `sure` until one of them is, in a second search."""

    likely: Added = field(default_factory=dict)
    sure: Added = field(default_factory=dict)
    repeat_penalty: float = 0.0
    forms: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """For the token of each tag, and those of its other forms, the tokens of all of them."""


def forms_by_token(
    tokens: Iterable[int], groups: Iterable[Sequence[int]]
) -> dict[int, Sequence[int]]:
    """Every tag is a form of its own word; groups: see `data.forms`."""
    forms: dict[int, Sequence[int]] = {token: (token,) for token in tokens}
    for group in groups:
        forms.update(dict.fromkeys(group, group))
    return forms


def likely_words(
    tags: Iterable[tuple[int, float]], weight: float, unweighted: Iterable[int] = ()
) -> list[float]:
    """What is added for each tag: by how much its log-odds are above those of 3 %.

    tags: token and probability; unweighted: tokens that are left alone.
    """
    left = frozenset(unweighted)
    floor = math.log(LEAST_LIKELY / (1 - LEAST_LIKELY))
    held = ((token, min(max(p, 1e-9), MOST_LIKELY)) for token, p in tags)
    return [0.0 if token in left else weight * (math.log(p / (1 - p)) - floor) for token, p in held]


def added_to(
    tokens: Iterable[int], values: Iterable[float], forms: Mapping[int, Sequence[int]]
) -> dict[int, float]:
    """What is above 0; every form of a word gets the most that one of them is given."""
    added: dict[int, float] = {}
    for token, value in zip(tokens, values):
        if value > 0:
            for form in forms[token]:
                added[form] = max(value, added.get(form, 0.0))
    return added


class TagDecoder:
    """A decoder whose logits follow the tags of its photo."""

    def __init__(self, decoder: StepDecoder, influence: Influence) -> None:
        self.decoder = decoder
        self.influence = influence
        self.said: list[frozenset[int]] = []

    def step(self, tokens: Tensor) -> Tensor:
        """The next words' logits [rows, vocabulary] after tokens [rows, 1]."""
        forms = self.influence.forms
        said = self.said or [frozenset()] * len(tokens)
        self.said = [words.union(forms.get(t, ())) for words, t in zip(said, tokens[:, 0].tolist())]
        logits = self.decoder.step(tokens).clone()
        for row, words in zip(logits, self.said):
            raise_words(row, {t: by for t, by in self.influence.likely.items() if t not in words})
            if words.isdisjoint(self.influence.sure):
                raise_words(row, self.influence.sure)
            row[list(words)] -= self.influence.repeat_penalty
        return logits

    def reorder(self, rows: Tensor) -> None:
        """Let every row go on from another row's past."""
        self.decoder.reorder(rows)
        self.said = [self.said[row] for row in rows.tolist()]


def raise_words(logits: Tensor, added: Added) -> None:
    """Add to the logits [vocabulary] of some tokens."""
    if added:
        logits[list(added)] += torch.tensor(list(added.values()))


def search_with_tags(
    start: Callable[[], StepDecoder], influence: Influence, options: BeamOptions
) -> Found:
    """The best caption of one photo, as `beam_search` gives it.

    start: gives a decoder before its first step.
    """
    once = replace(influence, sure={})
    [plain] = beam_search(TagDecoder(start(), once), 1, options)
    if not influence.sure or any(token in influence.sure for token in plain[1]):
        return plain
    [again] = beam_search(TagDecoder(start(), influence), 1, options)
    return again if any(token in influence.sure for token in again[1]) else plain
