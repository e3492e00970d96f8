"""Which words a photo can call to mind, and how the ImageNet classes name them.

A concept is a telling word. `taught` ones are frequent enough in the training captions that a photo
can be asked for them; `hinted` ones are everyday words of ImageNet's classes (`data.wordnet`), so
that the classifier that the encoder once was can name what no caption of ours teaches.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.photos import Photo
from data.vocabulary import Vocabulary, words_of

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

VAGUE_CLASSES = 12
"""A word above so many classes is vague, unless people say it all the time (SAID_ANYWAY)."""

SAID_ANYWAY = 2000
KNOWN = 100
"""Sentences that a word is in, at least, for a class to count as named by it."""

SEEN_OWN = 8
"""The same for a class's own word to be worth a place in the vocabulary of its own."""

RARE = 60
"""Words in fewer sentences are put into sentences about like things (`data.sentences`)."""

# Of like things by WordNet's lexicographer file, for words that nothing else stands above.
LIKE = {
    5: 'animal bird dog cat bear cow horse',
    13: 'food cake sandwich pizza fruit',
    20: 'flower plant tree',
    17: 'mountain beach rock',
}
LIKE_OTHERWISE = 'toy clock box bag camera bottle phone hat object umbrella'


@dataclass(frozen=True)
class ClassWords:
    """One ImageNet class: its words that are worth saying, with strengths in 0–1."""

    words: dict[str, float]
    rare: dict[str, tuple[str, ...]]
    """Its rare words, each with words of like things whose sentences suit it."""
    plurals: dict[str, tuple[str, ...]]
    """Irregular plurals of its words."""


def read_class_words(path: Path, counts: Counter[str]) -> list[ClassWords]:
    """What `data.wordnet` wrote, cut to the words that are worth a place.

    counts: in how many sentences a word is. A class keeps its own words that are seen at all, and
    its first two own words, seen or not, if nothing known and definite names it.
    """
    entries = json.loads(path.read_text())
    spread = Counter(word for entry in entries for word in entry['words'])
    classes = []
    for entry in entries:
        definite = [
            word
            for word, strength in entry['words'].items()
            if counts[word] >= KNOWN
            and (spread[word] < VAGUE_CLASSES or counts[word] >= SAID_ANYWAY)
        ]
        own = [word for word, strength in entry['words'].items() if strength == 1.0]
        kept = {
            word: strength
            for word, strength in entry['words'].items()
            if (counts[word] >= (SEEN_OWN if strength == 1.0 else KNOWN))
            or (not definite and word in own[:2])
        }
        above = [w for w in kept if w not in own and counts[w] >= KNOWN and w not in ('cow',)]
        like = above or LIKE.get(entry['domain'], LIKE_OTHERWISE).split()
        rare = {word: tuple(like) for word in kept if counts[word] < RARE and word in own}
        plurals = {word: tuple(forms) for word, forms in entry['plurals'].items()}
        classes.append(ClassWords(kept, rare, plurals))
    return classes


def plurals_of(word: str) -> tuple[str, ...]:
    """Regular plurals of an English noun."""
    if word.endswith('y') and word[-2:-1] not in tuple('aeiou'):
        return (f'{word[:-1]}ies',)
    if word.endswith(('s', 'x', 'z', 'ch', 'sh')):
        return (f'{word}es',)
    if word.endswith('fe'):
        return (f'{word[:-2]}ves', f'{word}s')
    if word.endswith('f'):
        return (f'{word[:-1]}ves', f'{word}s')
    return (f'{word}s', f'{word}es') if word.endswith('o') else (f'{word}s',)


def classes_by_word(classes: Sequence[ClassWords], vocabulary: Vocabulary) -> dict[int, list[int]]:
    """The classes that a word or its plural names, by the word's id."""
    found: dict[int, list[int]] = {}
    for number, entry in enumerate(classes):
        for word in entry.words:
            for form in (word, *entry.plurals.get(word, ()), *plurals_of(word)):
                token = vocabulary.ids.get(form)
                if token is not None and number not in found.setdefault(token, []):
                    found[token].append(number)
    return found


@dataclass(frozen=True)
class ConceptTable:
    """The concepts of a vocabulary, in the order taught only, both, hinted only.

    `ids`: their words; the first `taught` are taught, those from `hinted_from` on are hinted.
    `class_words`: float32 [1000, hinted], how strongly a class speaks for a word.
    """

    ids: tuple[int, ...]
    taught: int
    hinted_from: int
    class_words: np.ndarray


def build_concepts(
    photos: Sequence[Photo], vocabulary: Vocabulary, least: int, classes: Sequence[ClassWords]
) -> ConceptTable:
    """Concepts: telling words in captions of at least `least` photos, and words of the classes."""
    counts = Counter(
        word for photo in photos for word in {w for c in photo.captions for w in words_of(c)}
    )
    taught = {
        vocabulary.ids[word]
        for word, count in counts.items()
        if count >= least and word in vocabulary.ids and word not in NOT_CONCEPTS
    }
    hinted = {vocabulary.ids[w] for c in classes for w in c.words if w in vocabulary.ids}
    ids = (*sorted(taught - hinted), *sorted(taught & hinted), *sorted(hinted - taught))
    hinted_from = len(taught - hinted)
    places = {token: i for i, token in enumerate(ids[hinted_from:])}
    table = np.zeros((len(classes), len(places)), dtype=np.float32)
    for row, entry in zip(table, classes):
        for word, strength in entry.words.items():
            if word in vocabulary.ids:
                row[places[vocabulary.ids[word]]] = strength
    return ConceptTable(ids, len(taught), hinted_from, table)


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
