"""CIDEr-D of token sequences, fast enough to be a training reward.

Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation" (CVPR 2015): n-grams of 1 to
4 words weighted by how few photos' references hold them, cosine between clipped caption and
reference vectors, a Gaussian penalty on the difference of lengths (sigma 6), times 10. The end
token counts as a word, so that a caption that stops in the middle ("a man with a") earns less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

Ngram = tuple[int, ...]
ORDER = 4
SIGMA = 6.0


def ngrams_of(tokens: Sequence[int]) -> list[Counter[Ngram]]:
    """Counts of the n-grams of each order."""
    return [
        Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
        for n in range(1, ORDER + 1)
    ]


class CiderD:
    """Scores captions of known photos; references are prepared once."""

    def __init__(self, references: Sequence[Sequence[Sequence[int]]]) -> None:
        """references: photos, their captions, token ids."""
        self.log_photos = math.log(max(2, len(references)))
        self.frequency: Counter[Ngram] = Counter()
        counted = [[ngrams_of(caption) for caption in captions] for captions in references]
        for captions in counted:
            seen = {ngram for caption in captions for order in caption for ngram in order}
            self.frequency.update(seen)
        self.references = [
            [(self.vector(counts), len(tokens)) for counts, tokens in zip(captions, originals)]
            for captions, originals in zip(counted, references)
        ]

    def vector(self, counts: list[Counter[Ngram]]) -> tuple[list[dict[Ngram, float]], list[float]]:
        """tf-idf weights of each order and their norms."""
        weights, norms = [], []
        for order in counts:
            values = {
                ngram: count * (self.log_photos - math.log(max(1, self.frequency[ngram])))
                for ngram, count in order.items()
            }
            weights.append(values)
            norms.append(math.sqrt(sum(value * value for value in values.values())))
        return weights, norms

    def score(self, photo: int, tokens: Sequence[int]) -> float:
        """CIDEr-D of one caption against the references of `photo`."""
        weights, norms = self.vector(ngrams_of(tokens))
        total = 0.0
        for (wanted, wanted_norms), length in self.references[photo]:
            closeness = 0.0
            for n in range(ORDER):
                if norms[n] == 0 or wanted_norms[n] == 0:
                    continue
                reference = wanted[n]
                product = sum(
                    min(value, reference[ngram]) * reference[ngram]
                    for ngram, value in weights[n].items()
                    if ngram in reference
                )
                closeness += product / (norms[n] * wanted_norms[n])
            # The published code takes the lengths in bigrams; differences are the same in words.
            total += closeness * math.exp(-((len(tokens) - length) ** 2) / (2 * SIGMA**2))
        return 10.0 * total / (ORDER * len(self.references[photo]))
