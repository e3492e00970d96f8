"""The captioner: image encoder, one transformer layer over its map, concepts, word decoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.concepts import Concepts, Look
from model.config import CaptionerConfig
from model.dropout import Dropout
from model.encoder import EfficientNetLite

KeysValues = tuple[Tensor, Tensor]


class Attention(nn.Module):
    """Multi-head attention whose keys and values are projected apart from its queries."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """[batch, length, width] to [batch, heads, length, width / heads]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys_values(self, x: Tensor) -> KeysValues:
        """[batch, length, width] to keys and values of [batch, heads, length, width / heads]."""
        keys, values = self.key_value(x).chunk(2, dim=-1)
        return self.split(keys), self.split(values)

    def forward(self, x: Tensor, keys_values: KeysValues, causal: bool = False) -> Tensor:
        """x: [batch, queries, width]; the result has its shape."""
        return self.with_weights(x, keys_values, causal)[0]

    def with_weights(
        self, x: Tensor, keys_values: KeysValues, causal: bool = False
    ) -> tuple[Tensor, Tensor]:
        """As `forward`; also the weights [batch, heads, queries, keys].

        Written out: PyTorch's fused attention is slower than this on a CPU at such small sizes.
        """
        keys, values = keys_values
        queries = self.split(self.query(x)) * keys.shape[-1] ** -0.5
        scores = queries @ keys.transpose(-2, -1)
        if causal:
            length = scores.shape[-1]
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        weights = scores.softmax(dim=-1)
        return self.out((weights @ values).transpose(1, 2).flatten(2)), weights


def feed_forward(width: int, hidden: int, dropout: float) -> nn.Sequential:
    """The position-wise network of a layer."""
    return nn.Sequential(
        nn.Linear(width, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, width)
    )


class EncoderLayer(nn.Module):
    """Pre-norm self-attention over the map's cells."""

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = Attention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width)
        self.feed_forward = feed_forward(config.width, config.feed_forward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, cells, width] to the same."""
        y = self.norm1(x)
        x = x + self.dropout(self.attention(y, self.attention.keys_values(y)))
        return x + self.dropout(self.feed_forward(self.norm2(x)))


class DecoderLayer(nn.Module):
    """Pre-norm self-attention over the words, then cross-attention over the map."""

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.self_attention = Attention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width)
        self.cross_attention = Attention(config.width, config.heads)
        self.norm3 = nn.LayerNorm(config.width)
        self.feed_forward = feed_forward(config.width, config.feed_forward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, cross: KeysValues) -> Tensor:
        """Whole captions. x: [photos * captions, length, width]; cross: [photos, heads, ...].

        The captions of a photo share its keys and values: their queries stand in one row.
        """
        y = self.norm1(x)
        x = x + self.dropout(
            self.self_attention(y, self.self_attention.keys_values(y), causal=True)
        )
        per_photo = self.norm2(x).view(cross[0].shape[0], -1, x.shape[-1])
        x = x + self.dropout(self.cross_attention(per_photo, cross).view_as(x))
        return x + self.dropout(self.feed_forward(self.norm3(x)))

    def step(
        self, x: Tensor, past: KeysValues, cross: KeysValues
    ) -> tuple[Tensor, KeysValues, Tensor]:
        """One word. x: [rows, 1, width], past: [rows, heads, length, width / heads].

        Rows are photos * beams, and cross holds the photos once. Gives the new x, the past with
        this word, and the cross-attention weights [photos, heads, beams, cells].
        """
        y = self.norm1(x)
        key, value = self.self_attention.keys_values(y)
        present = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
        x = x + self.self_attention.with_weights(y, present)[0]
        per_photo = self.norm2(x).view(cross[0].shape[0], -1, x.shape[-1])
        y, weights = self.cross_attention.with_weights(per_photo, cross)
        x = x + y.view_as(x)
        return x + self.feed_forward(self.norm3(x)), present, weights


class Captioner(nn.Module):
    """Photo to word logits."""

    def __init__(self, config: CaptionerConfig, frozen_layers: int = 0) -> None:
        super().__init__()
        self.config = config
        self.backbone = EfficientNetLite(config.encoder, frozen_layers)
        self.project = nn.Linear(config.feature_channels, config.width)
        self.cell_position = nn.Parameter(torch.randn(config.grid**2, config.width) * 0.02)
        self.encoder_layer = EncoderLayer(config)
        self.memory_norm = nn.LayerNorm(config.width)
        self.concepts = Concepts(config)
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.randn(config.max_length + 1, config.width) * 0.02)
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.final_norm = nn.LayerNorm(config.width)
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary))
        nn.init.normal_(self.embedding.weight, std=config.width**-0.5)

    def look(self, features: Tensor, hints: Tensor | None = None) -> Look:
        """Feature map [batch, 1280, 7, 7] to the memory and what it was made of.

        The memory's cells come first, then the likeliest concepts. hints: [batch, hinted], shown
        in place of the photo's own (see `Concepts`).
        """
        x = self.project(features.flatten(2).transpose(1, 2))
        cells = self.memory_norm(self.encoder_layer(x + self.cell_position))
        guess = self.concepts.guess(features.float().mean(dim=(2, 3)), self.embedding.weight)
        words = self.concepts.likeliest(guess, self.embedding.weight, hints)
        return Look(torch.cat((cells, words.to(cells.dtype)), dim=1), guess)

    def memory(self, features: Tensor) -> Tensor:
        """Feature map [batch, 1280, 7, 7] to memory [batch, 49 + seen, width]."""
        return self.look(features).memory

    def cross(self, memory: Tensor) -> list[KeysValues]:
        """Cross-attention keys and values of every decoder layer."""
        return [layer.cross_attention.keys_values(memory) for layer in self.layers]

    def embed(self, tokens: Tensor, first: int | Tensor = 0) -> Tensor:
        """[rows, length] ids to [rows, length, width]; `first` is the first word's position."""
        length = tokens.shape[1]
        x = self.embedding(tokens) * self.config.width**0.5
        return x + self.position[first : first + length]

    def logits(self, x: Tensor) -> Tensor:
        """[..., width] to [..., vocabulary]."""
        return F.linear(self.final_norm(x), self.embedding.weight, self.output_bias)

    def hidden(self, tokens: Tensor, cross: list[KeysValues]) -> Tensor:
        """Whole captions [photos * captions, length] to the last layer's x, before the norm."""
        x = self.dropout(self.embed(tokens))
        for layer, keys_values in zip(self.layers, cross):
            x = layer(x, keys_values)
        return x

    def step(
        self, tokens: Tensor, past: list[KeysValues], cross: list[KeysValues]
    ) -> tuple[Tensor, list[KeysValues], Tensor]:
        """One word for every row.

        tokens: [rows, 1]; gives logits [rows, vocabulary], the grown past, and the
        cross-attention weights [photos, beams, cells] of the last layer, averaged over heads, the
        part that falls on concepts left out and the rest scaled to a sum of 1. The last layer's
        are the most focused and differ most from word to word (docs/training.md).
        """
        x = self.embed(tokens, past[0][0].shape[2])
        presents = []
        for layer, layer_past, keys_values in zip(self.layers, past, cross):
            x, present, weights = layer.step(x, layer_past, keys_values)
            presents.append(present)
        on_cells = weights.mean(dim=1)[..., : self.config.grid**2]
        return self.logits(x)[:, 0], presents, on_cells / on_cells.sum(dim=-1, keepdim=True)

    def empty_past(self, rows: int) -> list[KeysValues]:
        """The past before the first word."""
        config = self.config
        shape = (rows, config.heads, 0, config.width // config.heads)
        empty = torch.zeros(shape, device=self.output_bias.device)
        return [(empty, empty) for _ in self.layers]


def load_captioner(path: Path, frozen_layers: int = 0, dropout: float | None = None) -> Captioner:
    """Rebuild a captioner from a checkpoint's averaged weights.

    dropout: in place of the share that it was trained with.
    """
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    config = CaptionerConfig(**checkpoint['config'])
    if dropout is not None:
        config = replace(config, dropout=dropout)
    model = Captioner(config, frozen_layers)
    model.load_state_dict(checkpoint['ema'])
    return model.eval()
