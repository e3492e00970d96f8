"""The captioner: image encoder, one transformer layer over its map, concepts, word decoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dropout import Dropout
from encoder import EfficientNetLite


@dataclass(frozen=True)
class CaptionerConfig:
    """Shape of the network; stored with every checkpoint."""

    vocabulary: int
    width: int = 256
    heads: int = 4
    decoder_layers: int = 3
    feed_forward: int = 1024
    dropout: float = 0.1
    max_length: int = 22
    grid: int = 7
    feature_channels: int = 1280
    concepts: tuple[int, ...] = ()
    concepts_seen: int = 16
    concepts_fade: float = 2.0
    hard: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        return asdict(self)


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


# With `hard`: in training the decoder must not trust what it is shown. Of photos seen ten times the
# concepts are known by heart, of new ones they are not.
POOLED_DROPOUT = 0.4
CONCEPTS_MISSED = 0.3
CELLS_MISSED = 0.12


class Missing(nn.Module):
    """In training, zeroes whole memory vectors [rows, n, width], each with the same probability."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """x with some of its vectors zeroed; nothing makes up for them."""
        if not self.training:
            return x
        return x * (torch.rand(x.shape[:2], device=x.device) >= self.share).unsqueeze(-1)


class Concepts(nn.Module):
    """Words that the photo as a whole calls to mind, as further memory beside the map's cells.

    Which of the vocabulary's telling words people would use of the photo is guessed from the
    pooled features (Fang et al., "From Captions to Visual Concepts and Back", CVPR 2015); the
    likeliest enter the memory as vectors made from their word embeddings. So what the decoder
    learns from sentences without photos (`pretrain.py`), namely to make a sentence of a few words,
    serves it in front of a photo.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.seen = config.concepts_seen
        self.fade = config.concepts_fade
        ids = torch.tensor(config.concepts, dtype=torch.long)
        self.register_buffer('ids', ids, persistent=False)
        self.query = nn.Linear(config.feature_channels, config.width)
        self.bias = nn.Parameter(torch.full((len(ids),), -4.0))
        self.project = nn.Linear(config.width, config.width)
        self.certainty = nn.Parameter(torch.randn(config.width) * 0.5)
        self.norm = nn.LayerNorm(config.width)
        self.dropout = Dropout(POOLED_DROPOUT if config.hard else 0.0)
        self.missed = CONCEPTS_MISSED if config.hard else 0.0

    def logits(self, features: Tensor, embedding: Tensor) -> Tensor:
        """Feature map [photos, channels, 7, 7] to a logit a concept, [photos, concepts].

        embedding: the vocabulary's, [words, width].
        """
        query = self.query(self.dropout(features.mean(dim=(2, 3))))
        return F.linear(query, embedding[self.ids], self.bias)

    def memory(self, words: Tensor, logits: Tensor) -> Tensor:
        """Memory vectors [rows, seen, width] of concepts in order, the likeliest first.

        words: embeddings [rows, seen, width]; logits: [rows, seen + 1], one more, which is the
        first that is not shown. One counts in full that leads this by `concepts_fade`; as the lead
        falls, the vector fades to 0, so that nothing jumps when two concepts change places.
        """
        scaled = self.project(words * words.shape[-1] ** 0.5)
        shown, left_out = logits[:, :-1, None], logits[:, -1:, None]
        vectors = self.norm(scaled + shown.sigmoid() * self.certainty)
        return vectors * ((shown - left_out) / self.fade).clamp(max=1.0)

    def likeliest(self, logits: Tensor, embedding: Tensor) -> Tensor:
        """Memory [photos, seen, width] of the likeliest concepts (in training: not missed)."""
        if self.training:
            missed = torch.rand(logits.shape, device=logits.device) < self.missed
            logits = logits.masked_fill(missed, -20.0)
        top = logits.topk(self.seen + 1, dim=-1)
        return self.memory(embedding[self.ids[top.indices[:, :-1]]], top.values)


class Captioner(nn.Module):
    """Photo to word logits."""

    def __init__(self, config: CaptionerConfig, frozen_layers: int = 0) -> None:
        super().__init__()
        self.config = config
        self.backbone = EfficientNetLite(frozen_layers)
        self.project = nn.Linear(config.feature_channels, config.width)
        self.cell_position = nn.Parameter(torch.randn(config.grid**2, config.width) * 0.02)
        self.encoder_layer = EncoderLayer(config)
        self.memory_norm = nn.LayerNorm(config.width)
        self.missing_cells = Missing(CELLS_MISSED if config.hard else 0.0)
        self.concepts = Concepts(config)
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.randn(config.max_length + 1, config.width) * 0.02)
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.final_norm = nn.LayerNorm(config.width)
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary))
        nn.init.normal_(self.embedding.weight, std=config.width**-0.5)

    def look(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Feature map [batch, 1280, 7, 7] to memory [batch, 49 + seen, width], concept logits.

        The map's cells come first, then the likeliest concepts.
        """
        x = self.project(features.flatten(2).transpose(1, 2))
        cells = self.memory_norm(self.encoder_layer(x + self.cell_position))
        cells = self.missing_cells(cells)
        logits = self.concepts.logits(features, self.embedding.weight)
        words = self.concepts.likeliest(logits, self.embedding.weight)
        return torch.cat((cells, words.to(cells.dtype)), dim=1), logits

    def memory(self, features: Tensor) -> Tensor:
        """Feature map [batch, 1280, 7, 7] to memory [batch, 49 + seen, width]."""
        return self.look(features)[0]

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


def load_captioner(path: Path, frozen_layers: int = 0, hard: bool = False) -> Captioner:
    """Rebuild a captioner from a checkpoint's averaged weights."""
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    model = Captioner(CaptionerConfig(**{**checkpoint['config'], 'hard': hard}), frozen_layers)
    model.load_state_dict(checkpoint['ema'])
    return model.eval()
