"""The reward is CIDEr-D as published."""

import random

from pycocoevalcap.cider.cider import Cider

from training.cider import CiderD

WORDS = 'a the dog cat man woman red blue ball runs sits in on park grass with'.split()


def test_scores_equal_the_published_implementation() -> None:
    rng = random.Random(7)
    ids = {word: i for i, word in enumerate(WORDS)}

    def caption() -> list[str]:
        return rng.choices(WORDS, k=rng.randint(3, 12))

    photos = [[caption() for _ in range(5)] for _ in range(40)]
    said = [rng.choice([caption(), captions[0], captions[0][:4]]) for captions in photos]
    ours = CiderD([[[ids[w] for w in c] for c in captions] for captions in photos])
    truth = {i: [' '.join(c) for c in captions] for i, captions in enumerate(photos)}
    _, published = Cider().compute_score(truth, {i: [' '.join(c)] for i, c in enumerate(said)})
    for i, words in enumerate(said):
        assert abs(ours.score(i, [ids[w] for w in words]) - published[i]) < 1e-6
