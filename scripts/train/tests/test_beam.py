"""Beam search's own rules."""

from evaluation.beam import repeating


def test_words_that_would_repeat_a_run() -> None:
    assert repeating([1, 5, 6, 7, 8, 5, 6], 3) == {7}
    assert repeating([1, 5, 6, 7, 5, 6, 9, 5, 6], 3) == {7, 9}
    assert repeating([1, 5, 6], 3) == set()
    assert repeating([1, 5], 2) == set()
    assert repeating([1, 5, 5], 2) == {5}
    assert repeating([5, 6, 7, 5, 6], 0) == set()
