"""Rounding with the inputs in view changes products less than plain rounding."""

import numpy as np
import pytest

from export.rounding import rounded


@pytest.mark.parametrize('levels', [127, 15])
def test_products_of_inputs_that_go_together_change_less(levels: int) -> None:
    rng = np.random.default_rng(0)
    outputs, inputs, rows = 48, 64, 4000
    x = rng.standard_normal((rows, 12)) @ rng.standard_normal((12, inputs))
    x = np.clip(x + 0.3 * rng.standard_normal((rows, inputs)), 0, 6)
    x[:, 5] = 0
    weight = rng.standard_normal((outputs, inputs)).astype(np.float32)
    scale = np.abs(weight).max(axis=1) / levels
    plain = np.clip(np.round(weight / scale[:, np.newaxis]), -127, 127)
    whole = rounded(weight, scale, x.T @ x / rows)
    assert whole.dtype == np.int8
    assert np.abs(whole.astype(int)).max() <= 127
    errors = [
        float(np.sqrt(np.mean((x @ (weight - w * scale[:, np.newaxis]).T) ** 2)))
        for w in (plain, whole)
    ]
    assert errors[1] < 0.7 * errors[0]
