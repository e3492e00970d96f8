"""Counting what captions get wrong."""

from evaluation.word_errors import named_rightly


def test_names_of_things_are_right_where_they_are_the_photos() -> None:
    things = [
        {'caption': 'a dog with a ball', 'references': ['dog', 'pug'], 'named': True},
        {'caption': 'a cat', 'references': ['fox'], 'named': False},
        {'caption': 'a ball', 'references': ['a ball on grass']},
    ]
    assert named_rightly(things, frozenset({'dog', 'cat', 'ball'})) == (1, 3)
