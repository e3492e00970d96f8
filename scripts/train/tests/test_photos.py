"""Captions as training reads them."""

import numpy as np

from data.photos import Photo, encode_captions, neutral, things_captions, with_article
from data.vocabulary import Vocabulary


def test_a_person_whom_captions_disagree_on_is_a_person() -> None:
    captions = ('A man rides his bike.', 'A woman on her bike', 'Someone cycling')
    assert neutral(captions) == (
        'a person rides their bike',
        'a person on their bike',
        'someone cycling',
    )


def test_two_people_stay_who_they_are() -> None:
    captions = ('A man and a woman dance', 'A man dances', 'A woman dances')
    assert neutral(captions) == captions
    assert neutral(('A man runs', 'A boy runs')) == ('A man runs', 'A boy runs')


def test_things_are_told_with_their_article() -> None:
    assert [with_article(w) for w in ('cup', 'ant', 'scissors')] == ['a cup', 'an ant', 'scissors']
    assert any('an ant' in caption for caption in things_captions(['ant', 'insect']))
    assert any('an insect' in caption for caption in things_captions(['ant', 'insect']))


def test_captions_about_a_word_are_preferred() -> None:
    words = Vocabulary(['a', 'dog', 'cat', 'runs'])
    photo = Photo('set', '1.jpg', 'train', ('a dog runs', 'a cat runs', 'runs'), 0)
    rng = np.random.default_rng(0)
    rows = encode_captions(photo, words, 8, 4, rng, about=words.ids['cat'])
    assert rows.shape == (4, 9)
    assert all(words.decode(row[1:].tolist()) == 'a cat runs' for row in rows)
    # A word that no caption says: any caption.
    rows = encode_captions(photo, words, 8, 3, rng, about=999)
    assert len({tuple(row) for row in rows.tolist()}) == 3
