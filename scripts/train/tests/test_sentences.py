"""Sentences with simulated guesses."""

from itertools import islice

import torch

from data.concepts import ClassWords, build_concepts
from data.photos import Photo
from data.sentences import SentenceSource
from data.vocabulary import Vocabulary

CLASSES = [
    ClassWords({'ibis': 1.0}, {'ibis': ('bird',)}, {}),
    ClassWords({'mug': 1.0, 'cup': 0.95}, {}, {}),
]
WORDS = Vocabulary('a an the bird cup cups mug ibis sits on table red near tree in'.split())
SEEN = 4


def source(*sentences: str) -> SentenceSource:
    told = [*sentences, 'the red bird sits on the table']
    photos = [Photo('set', f'{i}.jpg', 'train', (s,), i) for i, s in enumerate(told)]
    table = build_concepts(photos, WORDS, 1, CLASSES)
    encoded = [WORDS.encode(s) for s in sentences]
    return SentenceSource(encoded, table, CLASSES, WORDS, SEEN, 16, seed=3)


def test_a_rare_thing_takes_a_like_ones_place_and_article() -> None:
    told = source('a bird sits on a tree')
    ids = WORDS.encode('a bird sits on a tree')
    changed = [told.swapped(ids) for _ in range(40)]
    swapped = [(WORDS.decode(s), number) for s, number in changed if number is not None]
    assert swapped and len(swapped) < 40
    assert set(swapped) == {('an ibis sits on a tree', 0)}


def test_hints_hold_all_words_of_the_class() -> None:
    told = source('the cups sit on a table')
    ids = WORDS.encode('the red cups on a table')
    hints = [told.hint(ids, None) for _ in range(200)]
    sure = [h for h in hints if h.get(WORDS.ids['mug'], 0) > 0.6]
    assert sure  # The plural calls up the class of the singular …
    assert all(WORDS.ids['cup'] in h for h in sure)  # … with all of its words.
    assert any(not h or max(h.values()) < 0.4 for h in hints)  # And it is silent at times.
    assert all(0 <= p <= 1 for h in hints for p in h.values())


def test_batches_are_whole_and_in_order() -> None:
    told = source('a red bird sits on the table', 'the cup sits near a mug')
    for captions, tokens, logits, hints in islice(told.batches(2), 20):
        assert captions.shape[0] == tokens.shape[0] == hints.shape[0] == 2
        assert tokens.shape == (2, SEEN) and logits.shape == (2, SEEN + 1)
        assert hints.shape == (2, SEEN)
        assert torch.all(logits[:, :-1] >= logits[:, 1:])
        assert torch.all(captions[:, 0] == Vocabulary.bos)
        assert all(len(set(row)) == SEEN for row in tokens.tolist())
        # A hint is part of the probability of its word.
        assert torch.all(hints <= logits[:, :-1].sigmoid() + 1e-3)
