"""Which words are concepts, what a photo's captions say of them, and sentences without photos.

A concept is a telling word of the vocabulary: no function word, and common enough in the training
captions that a photo can be asked for it.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dataset import Photo
from model import CaptionerConfig
from vocabulary import Vocabulary, words_of

SEEN = 16
"""Concepts of a photo that the decoder is shown."""

# Words that say nothing of what a photo shows, or only together with others.
NOT_CONCEPTS = frozenset(
    'a an the and or but of in on at to by with from for into onto over near next up down out off '
    'is are was be been being has have had having his her their its it that this these those he '
    'she they him them as while who which there where some other another each one both all very '
    'through along around about across behind beside between front back top side middle '
    'above under inside outside together s t not no so like looking looks look doing does do '
    'getting gets get going goes go made make making use using used can will just something '
    'someone what how when than then too also more most much many several few various '
    'shown showing shows seen appears during after before against away towards toward past '
    "it's".split()
)


def choose_concepts(photos: Sequence[Photo], vocabulary: Vocabulary, least: int) -> dict[str, Any]:
    """The concept fields of a `CaptionerConfig`.

    Concepts are the telling words that the captions of at least `least` photos hold, ascending.
    """
    counts = Counter(
        word for photo in photos for word in {w for c in photo.captions for w in words_of(c)}
    )
    concepts = sorted(
        vocabulary.ids[word]
        for word, count in counts.items()
        if count >= least and word in vocabulary.ids and word not in NOT_CONCEPTS
    )
    return {'concepts': tuple(concepts), 'concepts_seen': min(SEEN, len(concepts) - 1)}


def concept_targets(
    photos: Sequence[Photo], vocabulary: Vocabulary, concepts: Sequence[int]
) -> Tensor:
    """[photos, concepts] float32: the share of the photo's captions that hold the concept."""
    places = {token: i for i, token in enumerate(concepts)}
    targets = torch.zeros(len(photos), len(concepts))
    for row, photo in enumerate(photos):
        for caption in photo.captions:
            for token in set(vocabulary.encode(caption)):
                if token in places:
                    targets[row, places[token]] += 1 / len(photo.captions)
    return targets


def read_sentences(path: Path, vocabulary: Vocabulary, longest: int) -> list[list[int]]:
    """The sentences of a gzipped file that the vocabulary covers, as ids without bos and eos.

    A sentence with an unknown word, fewer than 4 words or more than `longest` is left out.
    """
    with gzip.open(path, 'rt', encoding='utf-8') as lines:
        encoded = (vocabulary.encode(line) for line in lines)
        return [ids for ids in encoded if 4 <= len(ids) <= longest and vocabulary.unk not in ids]


class SentenceSource:
    """Batches of sentences, each with the concepts that a photo of it might have suggested."""

    def __init__(self, sentences: list[list[int]], config: CaptionerConfig, seed: int) -> None:
        """Sentences as ids without bos and eos, at most `config.max_length - 2` of them."""
        self.sentences = sentences
        self.seen = config.concepts_seen
        self.max_length = config.max_length
        concepts = config.concepts
        self.known = frozenset(concepts)
        self.rng = np.random.default_rng(seed)
        counts = Counter(t for ids in sentences for t in set(ids) if t in self.known)
        self.tokens = np.array(sorted(counts))
        weights = np.array([counts[token] for token in self.tokens], dtype=float) ** 0.75
        self.weights = weights / weights.sum()

    def suggest(self, ids: Sequence[int]) -> tuple[list[int], list[float]]:
        """seen + 1 concepts and falling logits, as a classifier of middling skill gives them."""
        rng = self.rng
        own = [token for token in dict.fromkeys(ids) if token in self.known]
        rng.shuffle(own)
        kept = own[: int(rng.binomial(len(own), 0.65))][: self.seen]
        wrong = rng.choice(self.tokens, size=self.seen + 1 - len(kept), p=self.weights)
        # Most guesses are unsure, and the wrong ones mostly lower; fourth powers of uniform numbers
        # leave most of them near the floor, as the many unlikely ones of a photo are.
        right = 0.1 + 0.85 * rng.random(len(kept))
        floor = 0.03 + 0.04 * rng.random()
        unlikely = floor + 0.6 * rng.random(len(wrong)) ** 4
        probability = np.concatenate((right, unlikely))
        order = np.argsort(-probability)
        tokens = np.concatenate((np.array(kept, dtype=np.int64), wrong))[order]
        logits = np.log(probability / (1 - probability))[order]
        return tokens.tolist(), logits.tolist()

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Endless: captions [size, length + 1] with bos and eos, concepts and their logits.

        Sentences of a batch are of like length, so that little of it is padding.
        """
        pool = 64 * size
        while True:
            order = self.rng.permutation(len(self.sentences))
            for first in range(0, max(1, len(order) - pool + 1), pool):
                part = sorted(order[first : first + pool], key=lambda i: len(self.sentences[i]))
                groups = [part[i : i + size] for i in range(0, len(part), size)]
                self.rng.shuffle(groups)
                for group in groups:
                    if len(group) == size:
                        yield self.batch([self.sentences[i] for i in group])

    def batch(self, sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
        """Captions, concepts [size, seen] and logits [size, seen + 1] of some sentences."""
        longest = max(map(len, sentences)) + 1
        # Few different lengths: every new shape costs oneDNN a new kernel.
        width = min(self.max_length, -(-longest // 4) * 4) + 1
        captions = np.zeros((len(sentences), width), dtype=np.int64)
        for row, ids in zip(captions, sentences):
            row[: len(ids) + 2] = [Vocabulary.bos, *ids, Vocabulary.eos]
        suggested = [self.suggest(ids) for ids in sentences]
        tokens = torch.tensor([tokens[:-1] for tokens, _ in suggested])
        logits = torch.tensor([logits for _, logits in suggested])
        return torch.from_numpy(captions), tokens, logits
