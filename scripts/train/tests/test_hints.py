"""Hints that are forced in training."""

import numpy as np

from data.concepts import ClassWords
from data.hints import HintForcing
from data.photos import Photo
from data.vocabulary import Vocabulary

CLASSES = [
    ClassWords({'mug': 1.0, 'cup': 0.95}, {}, {}),
    ClassWords({'gun': 1.0}, {}, {}),
]
WORDS = Vocabulary('a cup cups mug gun table'.split())
CLASS_WORDS = np.array([[0.95, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)  # cup, mug, gun


def forcing(*captions: str) -> HintForcing:
    photo = Photo('set', '1.jpg', 'train', captions, 0)
    teacher = np.log(np.array([[0.3, 0.7]], np.float32))
    return HintForcing([photo], WORDS, CLASSES, CLASS_WORDS, teacher, np.random.default_rng(0))


def shown(made: HintForcing, times: int = 200) -> list[tuple[np.ndarray, int | None]]:
    hints = np.array([[0.1, 0.1, 0.6]], np.float32)
    found = []
    for _ in range(times):
        values, words = made.show([0], hints)
        found.append((values[0], words[0]))
    return found


def test_a_word_that_two_captions_say_is_shown_mostly() -> None:
    found = shown(forcing('a cup', 'a cup on a table', 'a table'))
    forced = [values for values, word in found if word == WORDS.ids['cup']]
    assert 0.6 * len(found) < len(forced) < 0.8 * len(found)
    for values in forced:
        assert values[0] > 0.45 and values[1] > 0.45  # The class speaks for all of its words.
        assert values[2] < 0.31


def test_what_no_caption_says_is_damped_at_times() -> None:
    found = shown(forcing('a table', 'a table'))
    assert all(word is None for _, word in found)
    guns = np.array([values[2] for values, _ in found])
    assert 0.3 < np.mean(guns < 0.37) < 0.7
    assert np.isclose(guns.max(), 0.6)


def test_one_caption_is_not_enough() -> None:
    assert all(word is None for _, word in shown(forcing('a cup', 'a table')))
