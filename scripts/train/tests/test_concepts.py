"""Concepts: which words, in which order, named by which classes."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from data.concepts import (
    ClassWords,
    build_concepts,
    classes_by_word,
    concept_targets,
    plurals_of,
    read_class_words,
)
from data.photos import Photo
from data.vocabulary import Vocabulary
from data.wordnet import class_words

CLASSES = [
    ClassWords({'tabby': 1.0, 'cat': 0.95}, {'tabby': ('cat',)}, {}),
    ClassWords({'goose': 1.0, 'bird': 0.9}, {}, {'goose': ('geese',)}),
]
WORDS = Vocabulary(['a', 'the', 'cat', 'cats', 'bird', 'birds', 'tabby', 'goose', 'geese', 'red'])


def photos(*captions: str) -> list[Photo]:
    return [Photo('set', f'{i}.jpg', 'train', (c,), i) for i, c in enumerate(captions)]


def test_order_is_taught_then_both_then_hinted() -> None:
    table = build_concepts(photos('the red cat', 'a red cat'), WORDS, 2, CLASSES)
    names = [WORDS.words[i] for i in table.ids]
    assert names == ['red', 'cat', 'bird', 'tabby', 'goose']
    assert (table.taught, table.hinted_from) == (2, 1)
    # Columns are the words from `hinted_from` on.
    assert table.class_words == pytest.approx(
        np.array([[0.95, 0, 1, 0], [0, 0.9, 0, 1]], np.float32)
    )


def test_function_words_are_no_concepts() -> None:
    table = build_concepts(photos('the red cat', 'the red cat'), WORDS, 1, [])
    assert WORDS.ids['the'] not in table.ids


def test_targets_are_shares_of_the_captions() -> None:
    photo = Photo('set', '1.jpg', 'train', ('a red cat', 'a cat', 'the bird', 'a cat cat'), 0)
    ids = [WORDS.ids['cat'], WORDS.ids['red'], WORDS.ids['goose']]
    assert concept_targets([photo], WORDS, ids).tolist() == [[0.75, 0.25, 0.0]]


def test_plurals_name_the_class_too() -> None:
    found = classes_by_word(CLASSES, WORDS)
    assert found[WORDS.ids['cats']] == [0]
    assert found[WORDS.ids['geese']] == found[WORDS.ids['goose']] == [1]
    assert WORDS.ids['red'] not in found


@pytest.mark.parametrize(
    ('word', 'plural'),
    [('cat', 'cats'), ('box', 'boxes'), ('berry', 'berries'), ('toy', 'toys'), ('knife', 'knives')],
)
def test_regular_plurals(word: str, plural: str) -> None:
    assert plural in plurals_of(word)


def write_wordnet(folder: Path) -> None:
    """A few synsets in the format of wndb(5WN)."""
    folder.joinpath('data.noun').write_text(
        '  1 A licence line\n'
        '00000001 03 n 01 animal 0 000 | a living thing\n'
        '00000002 05 n 01 bird 0 001 @ 00000001 n 0000 | it flies\n'
        '00000003 05 n 02 goose 0 Anser_anser 0 001 @ 00000002 n 0000 | a bird\n'
        '00000004 13 n 02 vegetable 0 garden_truck 0 001 @ 00000001 n 0000 | food\n'
        '00000005 13 n 01 carrot 0 001 @ 00000004 n 0000 | orange\n'
        '00000006 06 n 01 musical_instrument 0 001 @ 00000001 n 0000 | it sounds\n'
        '00000007 06 n 02 pipe_organ 0 organ 0 001 @ 00000006 n 0000 | large\n'
    )
    folder.joinpath('noun.exc').write_text('geese goose\n')


def test_words_of_classes_climb_wordnet(tmp_path: Path) -> None:
    write_wordnet(tmp_path)
    counts = Counter({w: 1000 for w in ('bird', 'vegetable', 'truck', 'instrument', 'animal')})
    found = class_words(['goose, Anser anser', 'carrot', 'pipe organ, organ'], tmp_path, counts)
    assert [entry['words'] for entry in found] == [
        {'goose': 1.0, 'bird': 0.95},  # No Latin, and "animal" says nothing.
        {'carrot': 1.0, 'vegetable': 0.95},  # A garden truck is no truck.
        {'organ': 1.0, 'instrument': 0.95},
    ]
    assert found[0]['plurals'] == {'goose': ['geese']}


def test_unknown_labels_end_the_script(tmp_path: Path) -> None:
    write_wordnet(tmp_path)
    with pytest.raises(SystemExit, match='unicorn'):
        class_words(['unicorn'], tmp_path, Counter())


def test_own_words_that_nobody_says_stay_only_where_nothing_else_names(tmp_path: Path) -> None:
    path = tmp_path / 'words.json'
    entries = [
        {'domain': 5, 'words': {'dugong': 1.0}, 'plurals': {}},
        {'domain': 5, 'words': {'goldfinch': 1.0, 'bird': 0.9}, 'plurals': {}},
    ]
    path.write_text(json.dumps(entries))
    dugong, goldfinch = read_class_words(path, Counter({'bird': 5000, 'animal': 900}))
    assert dugong.words == {'dugong': 1.0}
    assert 'animal' in dugong.rare['dugong']
    assert goldfinch.words == {'bird': 0.9}
