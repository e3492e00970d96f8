"""A checkpoint from a finished model folder, so that training can go on from what is shipped.

    python -m training.restore --model ../../models/lite --out WORK/shipped/last.pt

The inverse of `export.export`: weights as their int8 and float16 forms say them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from data.vocabulary import SPECIAL, Vocabulary
from export.quantise import weights_of
from model.captioner import Attention, Captioner
from model.config import CaptionerConfig


def expanded_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All weights by name, float32: those stored as int8 or float16 as the graph expands them."""
    weights = weights_of(model)
    for node in model.graph.node:
        known = [weights[name] for name in node.input if name in weights]
        if len(known) != len(node.input):
            continue
        if node.op_type == 'Cast':
            weights[node.output[0]] = known[0].astype(np.float32)
        elif node.op_type == 'Mul':
            weights[node.output[0]] = known[0] * known[1]
    return weights


class Loader:
    """Copies a graph's weights into modules, by the names that `export.export` gives them."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights

    def set(self, parameter: torch.Tensor, value: np.ndarray) -> None:
        """Copy one array."""
        if tuple(parameter.shape) != value.shape:
            raise ValueError(f'a weight of shape {value.shape} is to be {tuple(parameter.shape)}')
        parameter.data.copy_(torch.tensor(value))

    def linear(self, module: nn.Linear, name: str, factor: float = 1.0) -> None:
        """A layer; factor: what its weights were multiplied by."""
        self.set(module.weight, self.weights[f'{name}.weight'].T / factor)
        self.set(module.bias, self.weights[f'{name}.bias'] / factor)

    def norm(self, module: nn.LayerNorm, name: str) -> None:
        """A layer normalisation."""
        self.set(module.weight, self.weights[f'{name}.scale'])
        self.set(module.bias, self.weights[f'{name}.bias'])

    def attention(self, module: Attention, name: str) -> None:
        """Self-attention whose three projections stand in one matrix."""
        width = module.query.in_features
        scale = (width // module.heads) ** -0.5
        weight, bias = self.weights[f'{name}.weight'].T, self.weights[f'{name}.bias']
        self.set(module.query.weight, weight[:width] / scale)
        self.set(module.query.bias, bias[:width] / scale)
        self.set(module.key_value.weight, weight[width:])
        self.set(module.key_value.bias, bias[width:])

    def feed_forward(self, block: nn.Sequential, name: str) -> None:
        """The position-wise network."""
        self.linear(block[0], f'{name}.0')
        self.linear(block[3], f'{name}.1')


def restore_encoder(model: Captioner, weights: dict[str, np.ndarray]) -> None:
    """Everything that `export.export.build_encoder` writes."""
    loader, config, concepts = Loader(weights), model.config, model.concepts
    for name, conv in model.backbone.convs.items():
        loader.set(conv.weight, weights[f'{name}.weight'])
        loader.set(conv.bias, weights[f'{name}.bias'])
    loader.set(model.project.weight, weights['project.weight'].T)
    nn.init.zeros_(model.project.bias)
    # The projection's bias went into the cells' positions.
    loader.set(model.cell_position, weights['project.bias'])
    layer = model.encoder_layer
    loader.norm(layer.norm1, 'map.norm1')
    loader.attention(layer.attention, 'map.attention')
    loader.linear(layer.attention.out, 'map.out')
    loader.norm(layer.norm2, 'map.norm2')
    loader.feed_forward(layer.feed_forward, 'map.feed_forward')
    loader.norm(model.memory_norm, 'memory.norm')
    loader.linear(concepts.query, 'concepts.query')
    loader.set(concepts.bias, weights['concepts.bias'][: config.taught])
    loader.linear(concepts.head, 'head', config.hint_sharpness)
    loader.set(concepts.class_words, weights['class_words.weight'])
    loader.set(concepts.project.weight, weights['concepts.project.weight'].T / config.width**0.5)
    loader.set(concepts.project.bias, weights['concepts.project.bias'])
    loader.set(concepts.certainty, weights['concepts.certainty'])
    loader.set(concepts.hinted, weights['concepts.hinted'])
    loader.norm(concepts.norm, 'concepts.norm')
    crosses = zip(
        np.split(weights['cross.weight'], config.decoder_layers, axis=1),
        np.split(weights['cross.bias'], config.decoder_layers),
        model.layers,
    )
    for weight, bias, decoder_layer in crosses:
        loader.set(decoder_layer.cross_attention.key_value.weight, weight.T)
        loader.set(decoder_layer.cross_attention.key_value.bias, bias)


def restore_decoder(model: Captioner, weights: dict[str, np.ndarray]) -> None:
    """Everything that `export.export.build_decoder` writes."""
    loader, config = Loader(weights), model.config
    loader.set(model.embedding.weight, weights['words.weight'].T)
    loader.set(model.position, weights['position'])
    scale = (config.width // config.heads) ** -0.5
    for i, layer in enumerate(model.layers):
        loader.norm(layer.norm1, f'{i}.norm1')
        loader.attention(layer.self_attention, f'{i}.self')
        loader.linear(layer.self_attention.out, f'{i}.self_out')
        loader.norm(layer.norm2, f'{i}.norm2')
        loader.linear(layer.cross_attention.query, f'{i}.cross', scale)
        loader.linear(layer.cross_attention.out, f'{i}.cross_out')
        loader.norm(layer.norm3, f'{i}.norm3')
        loader.feed_forward(layer.feed_forward, f'{i}.feed_forward')
    loader.norm(model.final_norm, 'final.norm')
    loader.set(model.output_bias, weights['words.bias'])


def config_of(
    encoder: dict[str, np.ndarray], decoder: dict[str, np.ndarray], concepts: list[int]
) -> CaptionerConfig:
    """The shape of the network, from its weights."""
    hinted = encoder['class_words.weight'].shape[1]
    return CaptionerConfig(
        vocabulary=decoder['words.weight'].shape[1],
        width=decoder['words.weight'].shape[0],
        decoder_layers=sum(name.endswith('.self_out.weight') for name in decoder),
        feed_forward=decoder['0.feed_forward.0.bias'].shape[0],
        max_length=decoder['position'].shape[0] - 1,
        feature_channels=encoder['project.weight'].shape[0],
        classes=encoder['head.bias'].shape[0],
        concepts=tuple(concepts),
        # Words that no caption teaches were given a bias of their own (`export.export.NEVER`).
        taught=int((encoder['concepts.bias'] > -29).sum()),
        hinted_from=len(concepts) - hinted,
    )


def restore(folder: Path) -> tuple[Captioner, Vocabulary]:
    """The network and vocabulary of a model folder that `export` made."""
    encoder = expanded_weights(onnx.load(folder / 'encoder.onnx'))
    decoder = expanded_weights(onnx.load(folder / 'decoder.onnx'))
    concepts = json.loads((folder / 'manifest.json').read_text())['encoder']['tags']['tokens']
    model = Captioner(config_of(encoder, decoder, concepts))
    restore_encoder(model, encoder)
    restore_decoder(model, decoder)
    ids = json.loads((folder / 'tokenizer.json').read_text())['model']['vocab']
    return model.eval(), Vocabulary(sorted(ids, key=ids.get)[len(SPECIAL) :])


def main() -> None:
    """Write the checkpoint, and its vocabulary beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, required=True, help='a folder of export.assemble')
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    model, vocabulary = restore(args.model)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    vocabulary.save(args.out.parent / 'vocabulary.txt')
    torch.save({'config': model.config.to_dict(), 'ema': model.state_dict()}, args.out)


if __name__ == '__main__':
    main()
