"""BLEU and CIDEr-D of captions against references, by `pycocoevalcap` on our own words.

The PTB tokeniser of the COCO evaluation needs Java; `words_of` gives the same words on ordinary
sentences (lower case, no punctuation), so its scores differ from the official ones in the third
digit at most.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider

from data.vocabulary import words_of


def score_captions(
    captions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, float]:
    """BLEU-1 to 4 (as percentages), CIDEr-D, mean length in words, share of distinct captions."""
    hypothesis = {i: [' '.join(words_of(caption))] for i, caption in enumerate(captions)}
    truth = {i: [' '.join(words_of(r)) for r in group] for i, group in enumerate(references)}
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, _ = Bleu(4).compute_score(truth, hypothesis, verbose=0)
        cider, _ = Cider().compute_score(truth, hypothesis)
    lengths = [len(words[0].split()) for words in hypothesis.values()]
    return {
        **{f'bleu{n + 1}': 100 * value for n, value in enumerate(bleu)},
        'ciderD': float(cider),
        'meanLength': sum(lengths) / max(1, len(lengths)),
        'distinct': len({words[0] for words in hypothesis.values()}) / max(1, len(hypothesis)),
    }
