"""The second search."""

import torch
from torch import Tensor

from evaluation.beam import BeamOptions
from evaluation.favour import BiasedDecoder, search_favouring

OPTIONS = BeamOptions(beams=2, max_length=4, suppress=())


class Scripted:
    """Likes to say 4, then to end; 3 and 5 are the next likeliest words."""

    def step(self, tokens: Tensor) -> Tensor:
        first = torch.tensor([0.0, 0.0, 0.0, 2.0, 4.0, 2.0])
        later = torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0, 0.0])
        return torch.stack([first if token == OPTIONS.bos else later for token in tokens[:, 0]])

    def reorder(self, rows: Tensor) -> None:
        pass


def words(favoured: dict[int, float]) -> list[int]:
    return search_favouring(Scripted, favoured, OPTIONS)[1]


def test_a_caption_that_says_a_favoured_word_stays() -> None:
    assert words({}) == [4, OPTIONS.eos]
    assert words({4: 0.1, 3: 20.0}) == [4, OPTIONS.eos]


def test_another_is_searched_where_it_says_none() -> None:
    assert words({3: 3.0}) == [3, OPTIONS.eos]
    assert words({3: 0.5}) == [4, OPTIONS.eos]


def test_rows_that_have_said_one_are_left_alone() -> None:
    decoder = BiasedDecoder(Scripted(), {3: 1.0})
    decoder.step(torch.tensor([[OPTIONS.bos], [OPTIONS.bos]]))
    assert decoder.step(torch.tensor([[3], [4]]))[:, 3].tolist() == [0.0, 1.0]
    decoder.reorder(torch.tensor([1, 0]))
    assert decoder.step(torch.tensor([[4], [4]]))[:, 3].tolist() == [1.0, 0.0]
