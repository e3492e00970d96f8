"""Cross-entropy of captions, of sentences without photos, and of concepts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from data.sentences import SentenceBatch
from data.vocabulary import Vocabulary
from model.captioner import Captioner


def word_loss(model: Captioner, hidden: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Mean cross-entropy a word. hidden: [rows, length, width], targets: [rows, length] ids."""
    # Only real words pass the vocabulary matrix, rounded up to a multiple of 256 rows: every new
    # matrix shape costs oneDNN a new kernel.
    rows = (targets != Vocabulary.pad).flatten().nonzero()[:, 0]
    real = len(rows)
    rows = F.pad(rows, (0, -real % 256), value=0)
    wanted = targets.flatten()[rows].clone()
    wanted[real:] = Vocabulary.unk
    logits = model.logits(hidden.flatten(0, 1)[rows]).float()
    return F.cross_entropy(logits, wanted, ignore_index=Vocabulary.unk, label_smoothing=smoothing)


def caption_loss(model: Captioner, memory: Tensor, captions: Tensor, smoothing: float) -> Tensor:
    """Of captions [photos, n, length] of the photos whose memory this is."""
    tokens = captions.flatten(0, 1)
    longest = int((tokens != Vocabulary.pad).sum(dim=1).max())
    tokens = tokens[:, : min(tokens.shape[1], -(-longest // 4) * 4 + 1)]
    hidden = model.hidden(tokens[:, :-1], model.cross(memory))
    return word_loss(model, hidden, tokens[:, 1:], smoothing)


def sentence_loss(model: Captioner, batch: SentenceBatch, smoothing: float) -> Tensor:
    """Of sentences whose memory is nothing but some concepts: see `data.sentences`."""
    captions, tokens, logits, hints = batch
    memory = model.concepts.memory(model.embedding(tokens), logits, hints)
    hidden = model.hidden(captions[:, :-1], model.cross(model.dropout(memory)))
    return word_loss(model, hidden, captions[:, 1:], smoothing)


def concept_loss(logits: Tensor, targets: Tensor, described: Tensor) -> Tensor:
    """Cross-entropy summed over the concepts, mean over photos; both [photos, concepts].

    described: bool [photos]. Photos that nobody described are left out: the learned words are what
    people say of a scene, and a few classes of single things would be found everywhere.
    """
    losses = F.binary_cross_entropy_with_logits(logits.float(), targets, reduction='none')
    return (losses.sum(dim=1) * described).mean()


def head_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """Divergence of the ImageNet head from the teacher's log-probabilities; both [photos, 1000]."""
    return F.kl_div(
        logits.float().log_softmax(dim=-1), teacher.float(), reduction='batchmean', log_target=True
    )


@torch.no_grad()
def update_ema(ema: dict[str, Tensor], model: Captioner, decay: float) -> None:
    """Move the averaged weights towards the model's."""
    state = model.state_dict()
    torch._foreach_lerp_(list(ema.values()), [state[name] for name in ema], 1 - decay)
