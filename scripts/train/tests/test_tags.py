"""What tags do to the words of a caption."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from data.forms import word_forms
from evaluation.beam import BeamOptions
from evaluation.tags import (
    Influence,
    TagDecoder,
    added_to,
    forms_by_token,
    likely_words,
    search_with_tags,
)

OPTIONS = BeamOptions(beams=2, max_length=4, suppress=())
FORMS = forms_by_token([3, 4, 5], [[3, 4]])


class Scripted:
    """Likes to say 4, then to end; 3 and 5 are the next likeliest words."""

    def step(self, tokens: Tensor) -> Tensor:
        first = torch.tensor([0.0, 0.0, 0.0, 2.0, 4.0, 2.0])
        later = torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0, 0.0])
        return torch.stack([first if token == OPTIONS.bos else later for token in tokens[:, 0]])

    def reorder(self, rows: Tensor) -> None:
        pass


class Indifferent(Scripted):
    """Finds all words equally likely."""

    def step(self, tokens: Tensor) -> Tensor:
        return torch.zeros(len(tokens), 6)


def words(sure: dict[int, float]) -> list[int]:
    forms = forms_by_token([3, 4, 5], [])
    return search_with_tags(Scripted, Influence(sure=sure, forms=forms), OPTIONS)[1]


def test_a_caption_that_says_a_sure_word_stays() -> None:
    assert words({}) == [4, OPTIONS.eos]
    assert words({4: 0.1, 3: 20.0}) == [4, OPTIONS.eos]


def test_another_is_searched_where_it_says_none() -> None:
    assert words({3: 3.0}) == [3, OPTIONS.eos]
    assert words({3: 0.5}) == [4, OPTIONS.eos]


def test_rows_follow_what_they_have_said() -> None:
    influence = Influence(
        likely={3: 1.0, 4: 1.0, 5: 2.0}, sure={5: 0.5}, repeat_penalty=4.0, forms=FORMS
    )
    decoder = TagDecoder(Indifferent(), influence)
    start = decoder.step(torch.tensor([[OPTIONS.bos], [OPTIONS.bos]]))
    assert start.tolist() == [[0, 0, 0, 1, 1, 2.5]] * 2
    # Token 4 is another form of token 3.
    second = decoder.step(torch.tensor([[4], [5]]))
    assert second.tolist() == [[0, 0, 0, -4, -4, 2.5], [0, 0, 0, 1, 1, -4]]
    decoder.reorder(torch.tensor([1, 0]))
    third = decoder.step(torch.tensor([[OPTIONS.bos], [OPTIONS.bos]]))
    assert third.tolist() == [[0, 0, 0, 1, 1, -4], [0, 0, 0, -4, -4, 2.5]]


def test_likely_words_are_those_above_3_percent() -> None:
    half, least, no, left = likely_words([(3, 0.5), (5, 0.03), (4, 0.0), (6, 0.9)], 2, [6])
    assert left == 0
    assert half == pytest.approx(2 * 3.4761)
    assert least == pytest.approx(0)
    assert no < 0
    assert added_to([3, 5, 4], [half, least, no], FORMS) == {3: half, 4: half}


def test_forms_of_a_word(tmp_path: Path) -> None:
    (tmp_path / 'index.noun').write_text(
        '  1 licence of words\nbird n 1\ngrass n 1\nbus n 1\nperson n 1\nman n 1\ni n 1\nhi n 1\n'
    )
    (tmp_path / 'noun.exc').write_text('men man\n')
    vocabulary = 'bird birds grass gras bus buses person people man men i is hi his bears'.split()
    tags = [vocabulary.index(word) for word in ('bird', 'bus', 'buses', 'people', 'man', 'i')]
    groups = word_forms(vocabulary, tags, tmp_path)
    named = [' '.join(vocabulary[i] for i in group) for group in groups]
    # "is" is no plural, and "his" of no tag.
    assert named == ['bird birds', 'bus buses', 'person people', 'man men']
