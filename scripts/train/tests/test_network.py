"""The network, and the graphs that are exported from it."""

import numpy as np
import onnxruntime
import pytest
import torch

from export.export import build_encoder
from export.parity import TOLERANCE, compare, random_captioner
from export.quantise import quantise_encoder
from model.captioner import Captioner
from model.encoder import EfficientNetLite, efficientnet_lite


@pytest.mark.parametrize(
    ('name', 'convolutions', 'weights'), [('lite0', 49, 3.35e6), ('lite2', 64, 4.78e6)]
)
def test_sizes_are_those_of_the_release(name: str, convolutions: int, weights: float) -> None:
    specs = efficientnet_lite(name)
    count = sum(s.out_channels * (s.in_channels // s.groups * s.kernel**2 + 1) for s in specs)
    assert len(specs) == convolutions
    assert count == pytest.approx(weights, rel=0.01)


@torch.no_grad()
def test_frozen_layers_and_the_rest_are_the_whole() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite('lite0', 15).eval()
    whole = EfficientNetLite('lite0').eval()
    whole.load_state_dict(network.state_dict())
    x = torch.randn(1, 3, 64, 64)
    assert torch.allclose(network(x), whole(x), atol=1e-5)
    inside = EfficientNetLite('lite0', 7).eval()  # In the middle of a residual block.
    with pytest.raises(ValueError, match='residual block'):
        inside.begin(x)


@pytest.fixture(scope='module')
def captioner() -> Captioner:
    return random_captioner()


def test_graphs_give_what_the_network_gives(captioner: Captioner) -> None:
    assert max(compare(captioner).values()) < TOLERANCE


@torch.no_grad()
def test_hinted_words_need_no_teaching(captioner: Captioner) -> None:
    concepts = captioner.concepts
    taught = torch.full((1, concepts.taught), -20.0)
    hints = torch.zeros(1, concepts.class_words.shape[1])
    hints[0, -1] = 0.8
    logits = concepts.logits(taught, hints)
    assert logits.argmax().item() == len(concepts.ids) - 1
    assert logits[0, -1].sigmoid().item() == pytest.approx(0.8, abs=1e-4)


def test_int8_stays_near(captioner: Captioner) -> None:
    rng = np.random.default_rng(0)
    photos = [rng.standard_normal((1, 3, 224, 224)).astype(np.float32) for _ in range(2)]
    exact = build_encoder(captioner)
    small = quantise_encoder(exact, photos)
    assert len(small.SerializeToString()) < 0.4 * len(exact.SerializeToString())
    found = [
        onnxruntime.InferenceSession(
            model.SerializeToString(), providers=['CPUExecutionProvider']
        ).run(['embedding', 'concepts'], {'pixel_values': photos[0]})
        for model in (exact, small)
    ]
    for wanted, value in zip(*found):
        assert np.abs(wanted - value).max() < 0.05
