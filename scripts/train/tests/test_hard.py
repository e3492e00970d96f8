"""The hard way: memory with parts missing, and photos that teach no learned words."""

import pytest
import torch

from model.dropout import MISSING_CELLS, MISSING_CONCEPTS, seed_dropout, thinned
from training.losses import concept_loss


def test_whole_vectors_are_missing_at_their_rates() -> None:
    seed_dropout(3)
    memory = torch.rand(2000, 69, 4) + 0.5
    thin = thinned(memory, 49)
    kept = (thin == memory).all(dim=-1)
    assert torch.equal(kept | (thin == 0).all(dim=-1), torch.ones_like(kept))
    assert 1 - kept[:, :49].float().mean().item() == pytest.approx(MISSING_CELLS, abs=0.01)
    assert 1 - kept[:, 49:].float().mean().item() == pytest.approx(MISSING_CONCEPTS, abs=0.01)


def test_photos_that_nobody_described_teach_no_learned_words() -> None:
    logits = torch.zeros(2, 5, requires_grad=True)
    targets = torch.ones(2, 5)
    concept_loss(logits, targets, torch.tensor([True, False])).backward()
    assert logits.grad is not None
    assert (logits.grad[0] != 0).all()
    assert (logits.grad[1] == 0).all()
    both = concept_loss(logits, targets, torch.tensor([True, True]))
    assert both.item() == pytest.approx(5 * torch.tensor(2.0).log().item())
