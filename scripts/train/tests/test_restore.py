"""Shipped graphs back to a checkpoint."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from data.vocabulary import Vocabulary
from export.export import build_decoder, build_encoder
from export.parity import random_captioner
from export.quantise import quantise_decoder
from training.restore import expanded_weights, restore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    captioner = random_captioner()
    onnx.save(build_encoder(captioner), tmp_path / 'encoder.onnx')
    onnx.save(quantise_decoder(build_decoder(captioner)), tmp_path / 'decoder.onnx')
    tags = {'tags': {'tokens': list(captioner.config.concepts)}}
    (tmp_path / 'manifest.json').write_text(json.dumps({'encoder': tags}))
    words = [f'w{i}' for i in range(captioner.config.vocabulary - 4)]
    Vocabulary(words).write_tokenizer(tmp_path / 'tokenizer.json')
    return tmp_path


def test_network_of_a_folder_gives_the_folders_graphs(folder: Path) -> None:
    model, vocabulary = restore(folder)
    assert len(vocabulary) == model.config.vocabulary
    for name, build in (('encoder', build_encoder), ('decoder', build_decoder)):
        shipped = expanded_weights(onnx.load(folder / f'{name}.onnx'))
        again = expanded_weights(build(model))
        for key, value in again.items():
            assert value.shape == shipped[key].shape, key
            if key == 'concepts.words':
                continue  # The encoder's copy of the decoder's words.
            assert np.allclose(value, shipped[key], atol=1e-6), key
