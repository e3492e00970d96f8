"""Average the weights of several checkpoints.

    python -m training.average --out FILE.pt WORK/NAME/epoch06.pt WORK/NAME/epoch07.pt …

Of one run (Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization",
UAI 2018), or of several runs that started from the same weights (Wortsman et al., "Model Soups",
ICML 2022).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch


def main() -> None:
    """Average and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoints', type=Path, nargs='+')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument(
        '--hint-scale', type=float, default=1, help="factor of the length of the hints' vector"
    )
    args = parser.parse_args()
    saved = [torch.load(path, weights_only=True) for path in args.checkpoints]
    shapes = [{name: value.shape for name, value in entry['ema'].items()} for entry in saved]
    concepts = [entry['config']['concepts'] for entry in saved]
    if any(other != shapes[0] for other in shapes) or any(c != concepts[0] for c in concepts):
        raise SystemExit('the checkpoints are of different networks')
    mean = {
        name: torch.stack([entry['ema'][name] for entry in saved]).mean(dim=0)
        for name in saved[0]['ema']
    }
    mean['concepts.hinted'] *= args.hint_scale
    args.out.parent.mkdir(parents=True, exist_ok=True)
    vocabulary = args.out.parent / 'vocabulary.txt'
    if not vocabulary.exists():
        shutil.copy(args.checkpoints[0].parent / 'vocabulary.txt', vocabulary)
    torch.save({'config': saved[0]['config'], 'ema': mean}, args.out)


if __name__ == '__main__':
    main()
