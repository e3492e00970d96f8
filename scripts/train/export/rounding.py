"""Round a weight matrix to integers so that its products, not its entries, change least.

Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers"
(ICLR 2023), which is Optimal Brain Surgeon applied to rounding: the inputs are rounded one after
another, and what an entry loses is made up for by those that are not yet rounded, as far as the
inputs go together.
"""

from __future__ import annotations

import numpy as np


def rounded(
    weight: np.ndarray, scale: np.ndarray, moments: np.ndarray, damping: float = 0.01
) -> np.ndarray:
    """Whole numbers -127..127 for weight [outputs, inputs] in units of scale [outputs].

    moments [inputs, inputs]: the mean of x times x transposed over inputs x.
    """
    inputs = weight.shape[1]
    hessian = moments.astype(np.float64)
    # Inputs that were never seen to be anything but 0 would make it singular.
    hessian[np.diag_indices(inputs)] += damping * np.mean(np.diag(hessian)) + 1e-12
    # Those that carry most are rounded first, while there are others left to make up for them.
    order = np.argsort(-np.diag(hessian), kind='stable')
    inverse = np.linalg.inv(hessian[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T
    left = weight[:, order].astype(np.float64)
    whole = np.zeros_like(left)
    for i in range(inputs):
        whole[:, i] = np.clip(np.round(left[:, i] / scale), -127, 127)
        loss = (left[:, i] - whole[:, i] * scale) / upper[i, i]
        left[:, i + 1 :] -= np.outer(loss, upper[i, i + 1 :])
    result = np.empty_like(whole)
    result[:, order] = whole
    return result.astype(np.int8)
