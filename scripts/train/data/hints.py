"""What the decoder is shown of an ImageNet classifier's opinion while it is trained.

The classifier's words are mostly not what people say of our photos, and a decoder that sees that
learns not to trust them; in front of a thing that no caption teaches it must. So a word that the
photo's captions do say is often shown as if the classifier were sure of it, and what it says that
no caption does is often damped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.concepts import ClassWords, classes_by_word
from data.photos import Photo
from data.vocabulary import Vocabulary

FORCED = 0.7
"""Share of photos that are shown a word which their captions say, if there is one."""

SURE = (0.5, 0.97)
"""Weight of the class that is shown then, the rest being the classifier's own opinion."""

DAMPED = 0.5
"""Share of photos in which words that no caption says are damped."""

AGREED = 2
"""Captions that must say a word for it to be shown."""


class HintForcing:
    """Hints for training photos, by what their captions say."""

    def __init__(
        self,
        photos: Sequence[Photo],
        vocabulary: Vocabulary,
        classes: Sequence[ClassWords],
        class_words: np.ndarray,
        teacher: np.ndarray,
        rng: np.random.Generator,
        forced: float = FORCED,
        damped: float = DAMPED,
    ) -> None:
        """teacher: log-probabilities [photos, 1000]; class_words: [1000, hinted]."""
        self.class_words = class_words
        self.rng = rng
        self.forced = forced
        self.damped = damped
        by_word = classes_by_word(classes, vocabulary)
        self.said = np.zeros((len(photos), class_words.shape[1]), dtype=bool)
        # For each photo: (word's id, the classes that it names and their shares).
        self.own: list[list[tuple[int, np.ndarray, np.ndarray]]] = []
        for row, photo in enumerate(photos):
            captions = [set(vocabulary.encode(caption)) for caption in photo.captions]
            known: list[tuple[int, np.ndarray, np.ndarray]] = []
            for token in sorted(set().union(*captions)):
                if token not in by_word:
                    continue
                numbers = np.array(by_word[token])
                probabilities = np.exp(teacher[row, numbers].astype(np.float32)) + 0.002
                self.said[row] |= (class_words[numbers] > 0).any(axis=0) & self._columns(
                    numbers, probabilities
                )
                if sum(token in caption for caption in captions) >= AGREED:
                    known.append((token, numbers, probabilities / probabilities.sum()))
            self.own.append(known)

    def _columns(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Words of the likeliest of these classes: what a right opinion would say."""
        return self.class_words[numbers[probabilities.argmax()]] > 0

    def show(self, rows: Sequence[int], hints: np.ndarray) -> tuple[np.ndarray, list[int | None]]:
        """Hints [photos, hinted] to show in place of the given ones, and the forced words' ids."""
        shown = hints.copy()
        forced: list[int | None] = []
        rng = self.rng
        for values, row in zip(shown, rows):
            if rng.random() < self.damped:
                values[~self.said[row]] *= 0.6 * rng.random()
            if not self.own[row] or rng.random() >= self.forced:
                forced.append(None)
                continue
            token, numbers, shares = self.own[row][rng.integers(len(self.own[row]))]
            weight = rng.uniform(*SURE)
            values *= 1 - weight
            values += weight * self.class_words[rng.choice(numbers, p=shares)]
            forced.append(token)
        return shown, forced
