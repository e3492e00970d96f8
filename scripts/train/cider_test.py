"""Check `cider.py` against the published implementation: python cider_test.py --data DATA"""

from __future__ import annotations

import argparse
from pathlib import Path

from pycocoevalcap.cider.cider import Cider

from cider import CiderD
from dataset import read_photos
from vocabulary import words_of


def main() -> None:
    """Score each photo's first caption against its others in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    args = parser.parse_args()
    photos = [p for p in read_photos([args.data / 'flickr8k']) if p.split == 'val'][:300]
    ids: dict[str, int] = {}
    tokens = [
        [[ids.setdefault(w, len(ids)) for w in words_of(c)] for c in p.captions] for p in photos
    ]
    ours = CiderD([captions[1:] for captions in tokens])
    truth = {i: [' '.join(words_of(c)) for c in p.captions[1:]] for i, p in enumerate(photos)}
    said = {i: [' '.join(words_of(p.captions[0]))] for i, p in enumerate(photos)}
    mean, each = Cider().compute_score(truth, said)
    difference = max(abs(ours.score(i, captions[0]) - each[i]) for i, captions in enumerate(tokens))
    print(f'mean {mean:.4f}, largest difference of {len(photos)} captions {difference:.2e}')
    if difference > 1e-6:
        raise SystemExit('the two implementations disagree')


if __name__ == '__main__':
    main()
