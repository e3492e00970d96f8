"""Compare the float ONNX graphs with PyTorch: every output within 1e-4.

    python -m export.parity [--checkpoint WORK/lite/last.pt]

Without a checkpoint a network of random weights is compared, so that it runs anywhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from export.export import build_decoder, build_encoder
from model.captioner import Captioner, load_captioner
from model.concepts import UNLIKELY
from model.config import CaptionerConfig

TOLERANCE = 1e-4


def difference(name: str, wanted: torch.Tensor, found: np.ndarray) -> float:
    """Largest difference relative to the largest value (at least 1)."""
    if tuple(wanted.shape) != found.shape:
        raise SystemExit(f'{name}: shape {found.shape}, PyTorch gives {tuple(wanted.shape)}')
    scale = max(1.0, wanted.abs().max().item())
    return float(np.abs(wanted.numpy() - found).max()) / scale


@torch.no_grad()
def compare(model: Captioner, beams: int = 3, steps: int = 5) -> dict[str, float]:
    """Largest difference of each output over one photo and several steps of several beams."""
    torch.manual_seed(0)
    config = model.config
    providers = ['CPUExecutionProvider']
    encoder = onnxruntime.InferenceSession(
        build_encoder(model).SerializeToString(), providers=providers
    )
    decoder = onnxruntime.InferenceSession(
        build_decoder(model).SerializeToString(), providers=providers
    )
    pixel_values = torch.rand(1, 3, 224, 224) * 2 - 1
    features = model.backbone(pixel_values)
    look = model.look(features)
    cross = model.cross(look.memory)
    names = [output.name for output in encoder.get_outputs()]
    encoded = dict(zip(names, encoder.run(None, {'pixel_values': pixel_values.numpy()})))
    found: dict[str, float] = {}

    def note(name: str, wanted: torch.Tensor, value: np.ndarray) -> None:
        found[name] = max(found.get(name, 0.0), difference(name, wanted, value))

    for i, (key, value) in enumerate(cross):
        note(f'cross_key_{i}', key, encoded[f'cross_key_{i}'])
        note(f'cross_value_{i}', value, encoded[f'cross_value_{i}'])

    concepts = model.concepts
    probability = concepts.logits(look.guess.taught, look.guess.hints).sigmoid()
    note('concepts', probability, encoded['concepts'].clip(UNLIKELY, 1 - UNLIKELY))
    note('tag_bias', concepts.tag_bias(look.guess.hints), encoded['tag_bias'])
    pooled = features.mean(dim=(2, 3))
    note('embedding', pooled / pooled.norm(dim=1, keepdim=True), encoded['embedding'])

    feeds = {name: value for name, value in encoded.items() if name.startswith('cross_')}
    past = model.empty_past(beams)
    for i, (key, value) in enumerate(past):
        feeds[f'past_key_{i}'], feeds[f'past_value_{i}'] = key.numpy(), value.numpy()
    names = [output.name for output in decoder.get_outputs()]
    for _ in range(steps):
        tokens = torch.randint(1, config.vocabulary, (beams, 1))
        logits, past, attention = model.step(tokens, past, cross)
        outputs = dict(zip(names, decoder.run(None, {**feeds, 'input_ids': tokens.numpy()})))
        note('logits', logits.unsqueeze(1), outputs['logits'])
        note('cross_attention', attention[0].unsqueeze(1), outputs['cross_attention'])
        for i, (key, value) in enumerate(past):
            note(f'present_key_{i}', key, outputs[f'present_key_{i}'])
            note(f'present_value_{i}', value, outputs[f'present_value_{i}'])
            feeds[f'past_key_{i}'] = outputs[f'present_key_{i}']
            feeds[f'past_value_{i}'] = outputs[f'present_value_{i}']
    return found


def random_captioner() -> Captioner:
    """A network of random weights with concepts of all three kinds."""
    torch.manual_seed(0)
    concepts = {'concepts': tuple(range(4, 304)), 'taught': 200, 'hinted_from': 120}
    model = Captioner(CaptionerConfig(vocabulary=1000, **concepts)).eval()
    words = model.concepts.class_words
    words.copy_((torch.rand(words.shape) < 0.01).float())
    torch.nn.init.normal_(model.concepts.bias)
    return model


def main() -> None:
    """Compare, print, and fail beyond the tolerance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--checkpoint', type=Path)
    args = parser.parse_args()
    if args.checkpoint is not None:
        model = load_captioner(args.checkpoint)
    else:
        model = random_captioner()
    found = compare(model)
    for name, value in found.items():
        print(f'{name:20} {value:.2e}')
    if max(found.values()) > TOLERANCE:
        raise SystemExit(f'beyond {TOLERANCE}')


if __name__ == '__main__':
    main()
