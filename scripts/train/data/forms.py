"""Which words of the vocabulary are forms of one word: "bird", "birds".

By the plurals of WordNet (its `noun.exc`, and its rules of detachment for nouns). Needs WordNet
3.0's database (Debian: `wordnet-base`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PLURALS = (
    ('s', ''),
    ('ses', 's'),
    ('xes', 'x'),
    ('zes', 'z'),
    ('ches', 'ch'),
    ('shes', 'sh'),
    ('men', 'man'),
    ('ies', 'y'),
)
"""Endings of plurals, and what stands in their place in the singular (WordNet's morphology)."""

PEOPLE = {'people': 'person'}
"""Plurals that WordNet takes for words of their own."""


def first_fields(path: Path) -> Iterable[list[str]]:
    """The fields of each line that is no part of the licence."""
    for line in path.read_text().splitlines():
        if not line.startswith(' '):
            yield line.split()


def word_forms(words: list[str], tags: Iterable[int], wordnet: Path) -> list[list[int]]:
    """Groups of two and more ids, in ascending order, with a tag in each.

    words: the vocabulary by id.
    """
    nouns = {fields[0] for fields in first_fields(wordnet / 'index.noun')}
    irregular = {fields[0]: fields[1] for fields in first_fields(wordnet / 'noun.exc')} | PEOPLE
    ids = {word: i for i, word in enumerate(words)}

    def singular(word: str) -> str | None:
        candidates = [irregular[word]] if word in irregular else []
        if not word.endswith('ss'):
            ended = [(end, start) for end, start in PLURALS if word.endswith(end)]
            candidates += [word[: -len(end)] + start for end, start in ended]
        found = (c for c in candidates if len(c) > 1 and c in ids and c in nouns)
        return next(found, None)

    groups: dict[str, set[int]] = {}
    for word, i in ids.items():
        if one := singular(word):
            groups.setdefault(one, {ids[one]}).add(i)
    telling = set(tags)
    kept = {one: group for one, group in groups.items() if group & telling}
    # A plural may have a plural: "person", "people", "peoples" are one.
    seen: dict[int, set[int]] = {}
    for group in kept.values():
        joined = set().union(group, *(seen[i] for i in group if i in seen))
        for i in joined:
            seen[i] = joined
    return sorted({tuple(sorted(group)) for group in seen.values()})
