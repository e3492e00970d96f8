"""The captioner of "Show, Attend and Tell" as the public PyTorch tutorial builds it, for export.

Xu et al. 2015, arXiv:1502.03044, soft attention with gate; ResNet-101 without its last two layers,
pooled to 14x14. The submodules have the tutorial's names, so that its weights fit by name.
"""

import torch
from torch import nn


class Bottleneck(nn.Module):
    """ResNet's block of three convolutions (He et al. 2015, arXiv:1512.03385, figure 5)."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet(blocks: list[int], width: int) -> nn.Sequential:
    """ResNet without pooling and classifier: 3 channels to 32 * `width`, a 32nd of the size."""
    stages, inputs = [], width
    for stage, count in enumerate(blocks):
        layers = []
        for block in range(count):
            layers.append(Bottleneck(inputs, width << stage, 2 if stage > 0 and block == 0 else 1))
            inputs = 4 * (width << stage)
        stages.append(nn.Sequential(*layers))
    stem = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, *stages)


class Encoder(nn.Module):
    def __init__(self, blocks: list[int], width: int, side: int = 14):
        super().__init__()
        self.resnet = resnet(blocks, width)
        self.adaptive_pool = nn.AdaptiveAvgPool2d((side, side))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.adaptive_pool(self.resnet(images)).permute(0, 2, 3, 1)


class Attention(nn.Module):
    def __init__(self, encoder: int, decoder: int, attention: int):
        super().__init__()
        self.encoder_att = nn.Linear(encoder, attention)
        self.decoder_att = nn.Linear(decoder, attention)
        self.full_att = nn.Linear(attention, 1)


class DecoderWithAttention(nn.Module):
    def __init__(self, vocabulary: int, embedding: int, encoder: int, decoder: int, attention: int):
        super().__init__()
        self.attention = Attention(encoder, decoder, attention)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.decode_step = nn.LSTMCell(embedding + encoder, decoder)
        self.init_h = nn.Linear(encoder, decoder)
        self.init_c = nn.Linear(encoder, decoder)
        self.f_beta = nn.Linear(decoder, encoder)
        self.fc = nn.Linear(decoder, vocabulary)

    @staticmethod
    def like(state: dict[str, torch.Tensor]) -> "DecoderWithAttention":
        """An empty decoder of the size that these weights have."""
        vocabulary, embedding = state["embedding.weight"].shape
        decoder, encoder = state["init_h.weight"].shape
        return DecoderWithAttention(vocabulary, embedding, encoder, decoder, state["attention.encoder_att.weight"].shape[0])


class Looking(nn.Module):
    """All that is done once a photo: its features, the attention's keys, the LSTM's first state."""

    def __init__(self, encoder: Encoder, decoder: DecoderWithAttention, size: int):
        super().__init__()
        self.resnet, self.decoder = encoder.resnet, decoder
        # 256 pixels leave a map of 8x8, which the pooling makes larger: ONNX has no operator for that.
        # Being linear, it is a matrix for each axis: what pooling makes of the unit vectors.
        side = encoder.adaptive_pool.output_size[0]
        with torch.no_grad():
            cells = self.resnet(torch.zeros(1, 3, size, size)).shape[-1]
        self.register_buffer("pool", nn.functional.adaptive_avg_pool1d(torch.eye(cells).unsqueeze(0), side)[0])

    def forward(self, pixels: torch.Tensor):
        pooled = torch.matmul(self.pool.T, torch.matmul(self.resnet(pixels), self.pool))
        features = pooled.permute(0, 2, 3, 1).flatten(1, 2)
        mean = features.mean(dim=1)
        keys = self.decoder.attention.encoder_att(features)
        return features, keys, self.decoder.init_h(mean), self.decoder.init_c(mean)


class Step(nn.Module):
    """One word. Any number of rows; the photo's features and keys are one row that they share."""

    def __init__(self, decoder: DecoderWithAttention):
        super().__init__()
        self.decoder = decoder

    def forward(self, tokens, features, keys, hidden, cell):
        d = self.decoder
        query = d.attention.decoder_att(hidden).unsqueeze(1)
        weights = torch.softmax(d.attention.full_att(torch.relu(keys + query)).squeeze(2), dim=1)
        seen = torch.matmul(weights, features.squeeze(0))
        seen = torch.sigmoid(d.f_beta(hidden)) * seen
        x = torch.cat([d.embedding(tokens.squeeze(1)), seen], dim=1)
        # The LSTM cell written out: the exporter has no operator of one step.
        gates = nn.functional.linear(x, d.decode_step.weight_ih, d.decode_step.bias_ih) + nn.functional.linear(
            hidden, d.decode_step.weight_hh, d.decode_step.bias_hh
        )
        enter, forget, candidate, leave = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(candidate)
        hidden = torch.sigmoid(leave) * torch.tanh(cell)
        return d.fc(hidden), hidden, cell, weights
