"""Average the weights of several checkpoints.

    python average.py --out WORK/lite/average.pt WORK/lite/epoch12.pt WORK/lite/epoch13.pt …

Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization" (UAI 2018).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    """Average and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoints', type=Path, nargs='+')
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    saved = [torch.load(path, weights_only=True) for path in args.checkpoints]
    if any(entry['config'] != saved[0]['config'] for entry in saved):
        raise SystemExit('the checkpoints are of different networks')
    mean = {
        name: torch.stack([entry['ema'][name] for entry in saved]).mean(dim=0)
        for name in saved[0]['ema']
    }
    torch.save({'config': saved[0]['config'], 'ema': mean}, args.out)


if __name__ == '__main__':
    main()
