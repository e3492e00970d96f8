"""Sentences without photos, each with the concepts that a photo of it might have suggested."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.concepts import ClassWords, ConceptTable, classes_by_word
from data.vocabulary import Vocabulary

SentenceBatch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Captions [n, length + 1], concepts [n, seen], logits [n, seen + 1], hints [n, seen]."""

HINTED = 0.7
"""Share of sentences with a word of ImageNet's that the simulated classifier names."""

SWAPPED = 0.35
"""Share of sentences about a like thing that are told of a rare one."""


def read_sentences(path: Path, vocabulary: Vocabulary, longest: int) -> list[list[int]]:
    """The sentences of a gzipped file that the vocabulary covers, as ids without bos and eos.

    A sentence with an unknown word, fewer than 4 words or more than `longest` is left out.
    """
    with gzip.open(path, 'rt', encoding='utf-8') as lines:
        encoded = (vocabulary.encode(line) for line in lines)
        return [ids for ids in encoded if 4 <= len(ids) <= longest and vocabulary.unk not in ids]


class SentenceSource:
    """Endless batches of sentences with simulated guesses of a photo's concepts.

    As in front of a photo there are two sources: words guessed from captions, right ones and wrong
    ones, and an ImageNet class with all of its words, of which the sentence says one at most.
    """

    def __init__(
        self,
        sentences: list[list[int]],
        table: ConceptTable,
        classes: Sequence[ClassWords],
        vocabulary: Vocabulary,
        seen: int,
        max_length: int,
        seed: int,
    ) -> None:
        """Sentences as ids without bos and eos, at most `max_length - 2` of them."""
        self.sentences = sentences
        self.seen = seen
        self.max_length = max_length
        self.rng = np.random.default_rng(seed)
        if len(table.ids) <= seen:
            raise ValueError(f'{len(table.ids)} concepts are too few to show {seen} of them')
        self.ids = table.ids
        self.taught = frozenset(table.ids[: table.taught])
        counts = Counter(t for ids in sentences for t in set(ids) if t in self.taught)
        self.tokens = np.array(sorted(counts))
        weights = np.array([counts[token] for token in self.tokens], dtype=float) ** 0.75
        self.weights = weights / weights.sum()
        self.words_of_class: list[list[tuple[int, float]]] = [
            [(vocabulary.ids[w], s) for w, s in c.words.items() if w in vocabulary.ids]
            for c in classes
        ]
        self.classes_of = classes_by_word(classes, vocabulary)
        # (rare word, its class) by the word of a like thing.
        self.swaps: dict[int, list[tuple[int, int]]] = {}
        for number, entry in enumerate(classes):
            for word, like in entry.rare.items():
                for other in like:
                    if word in vocabulary.ids and other in vocabulary.ids:
                        pair = (vocabulary.ids[word], number)
                        self.swaps.setdefault(vocabulary.ids[other], []).append(pair)
        self.a, self.an = vocabulary.ids['a'], vocabulary.ids['an']
        self.starts_with_vowel = [word[0] in 'aeiou' for word in vocabulary.words]

    def swapped(self, ids: Sequence[int]) -> tuple[list[int], int | None]:
        """The sentence, perhaps of a rare thing in place of a like one, and that thing's class."""
        places = [i for i, token in enumerate(ids) if token in self.swaps]
        if not places or self.rng.random() >= SWAPPED:
            return list(ids), None
        place = places[self.rng.integers(len(places))]
        pairs = self.swaps[ids[place]]
        word, number = pairs[self.rng.integers(len(pairs))]
        changed = list(ids)
        changed[place] = word
        if place > 0 and changed[place - 1] in (self.a, self.an):
            changed[place - 1] = self.an if self.starts_with_vowel[word] else self.a
        return changed, number

    def hint(self, ids: Sequence[int], number: int | None) -> dict[int, float]:
        """Words and probabilities that a classifier might give for the sentence's photo."""
        rng = self.rng
        if number is None:
            own = [token for token in dict.fromkeys(ids) if token in self.classes_of]
            if own and rng.random() < HINTED:
                classes = self.classes_of[own[rng.integers(len(own))]]
                number = classes[rng.integers(len(classes))]
        said: dict[int, float] = {}
        right = 0.0 if number is None else 1 - 0.8 * rng.random() ** 1.5
        if number is not None:
            for token, strength in self.words_of_class[number]:
                said[token] = right * strength
        # The rest falls on wrong classes: much of it when the right one is unsure or not there.
        left = (1 - right) * rng.random() * (0.6 if number is None else 1.0)
        for _ in range(2):
            wrong = left * (0.5 + 0.4 * rng.random())
            left -= wrong
            for token, strength in self.words_of_class[rng.integers(len(self.words_of_class))]:
                said[token] = min(1.0, said.get(token, 0.0) + wrong * strength)
        return said

    def suggest(
        self, ids: Sequence[int], number: int | None
    ) -> tuple[list[int], np.ndarray, np.ndarray]:
        """seen + 1 concepts, their falling logits, and how much of each is ImageNet's."""
        rng = self.rng
        own = [token for token in dict.fromkeys(ids) if token in self.taught]
        rng.shuffle(own)
        kept = own[: int(rng.binomial(len(own), 0.65))][: self.seen]
        wrong = rng.choice(self.tokens, size=self.seen + 1 - len(kept), p=self.weights)
        # Most guesses are unsure, and the wrong ones mostly lower; fourth powers of uniform numbers
        # leave most of them near the floor, as the many unlikely ones of a photo are.
        right = 0.1 + 0.85 * rng.random(len(kept))
        floor = 0.03 + 0.04 * rng.random()
        unlikely = floor + 0.6 * rng.random(len(wrong)) ** 4
        guessed = dict(zip(wrong.tolist(), unlikely.tolist()))
        guessed.update(zip(kept, right.tolist()))
        hints = self.hint(ids, number)
        for token, hint in hints.items():
            guessed[token] = 1 - (1 - guessed.get(token, 0.0)) * (1 - hint)
        while len(guessed) < self.seen + 1:  # The same word was drawn twice.
            guessed.setdefault(self.ids[rng.integers(len(self.ids))], floor)
        best = sorted(guessed.items(), key=lambda item: -item[1])[: self.seen + 1]
        probability = np.clip([p for _, p in best], 1e-3, 1 - 1e-3)
        tokens = [token for token, _ in best]
        said = np.array([hints.get(token, 0.0) for token in tokens])
        return tokens, np.log(probability / (1 - probability)), said

    def batches(self, size: int) -> Iterator[SentenceBatch]:
        """Endless. Sentences of a batch are of like length, so that little of it is padding."""
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

    def batch(self, sentences: Sequence[Sequence[int]]) -> SentenceBatch:
        """One batch of these sentences."""
        told = [self.swapped(ids) for ids in sentences]
        longest = max(len(ids) for ids, _ in told) + 1
        # Few different lengths: every new shape costs oneDNN a new kernel.
        width = min(self.max_length, -(-longest // 4) * 4) + 1
        captions = np.zeros((len(told), width), dtype=np.int64)
        for row, (ids, _) in zip(captions, told):
            row[: len(ids) + 2] = [Vocabulary.bos, *ids, Vocabulary.eos]
        suggested = [self.suggest(ids, number) for ids, number in told]
        return (
            torch.from_numpy(captions),
            torch.tensor([tokens[:-1] for tokens, _, _ in suggested]),
            torch.from_numpy(np.stack([logits for _, logits, _ in suggested])).float(),
            torch.from_numpy(np.stack([hints[:-1] for _, _, hints in suggested])).float(),
        )
