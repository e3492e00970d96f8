"""Check `rounding.py`: on inputs that go together, products change less than by plain rounding.

python rounding_test.py
"""

from __future__ import annotations

import numpy as np

from rounding import rounded


def main() -> None:
    """Compare on random weights and inputs, and fail where the plain way is better."""
    rng = np.random.default_rng(0)
    outputs, inputs, rows = 48, 64, 4000
    x = rng.standard_normal((rows, 12)) @ rng.standard_normal((12, inputs))
    x = np.clip(x + 0.3 * rng.standard_normal((rows, inputs)), 0, 6)
    x[:, 5] = 0
    weight = rng.standard_normal((outputs, inputs)).astype(np.float32)
    for levels in (127, 15):
        scale = np.abs(weight).max(axis=1) / levels
        plain = np.clip(np.round(weight / scale[:, np.newaxis]), -127, 127)
        whole = rounded(weight, scale, x.T @ x / rows)
        if whole.dtype != np.int8 or np.abs(whole.astype(int)).max() > 127:
            raise SystemExit('not int8')
        errors = [
            float(np.sqrt(np.mean((x @ (weight - w * scale[:, np.newaxis]).T) ** 2)))
            for w in (plain, whole)
        ]
        print(f'{levels} levels: plain {errors[0]:.4f}, with the inputs in view {errors[1]:.4f}')
        if errors[1] > 0.7 * errors[0]:
            raise SystemExit('rounding with the inputs in view gained too little')


if __name__ == '__main__':
    main()
