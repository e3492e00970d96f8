"""Write a checkpoint as two float32 ONNX graphs, `encoder.onnx` and `decoder.onnx`.

    python -m export.export --checkpoint WORK/lite/last.pt --out FOLDER

The graphs are written node by node rather than traced: TensorFlow's 'same' padding goes into the
convolutions' own pads, constant factors into the weights, the projections that read the same
vector into one matrix, and nothing is left for the runtime to fold when it loads them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from export.onnx_graph import FLOAT, INT64, GraphWriter
from model.captioner import Attention, Captioner, EncoderLayer, load_captioner
from model.concepts import SURE, UNLIKELY
from model.encoder import same_padding


def array(tensor: torch.Tensor) -> np.ndarray:
    """A float32 array of a parameter."""
    return tensor.detach().float().cpu().contiguous().numpy()


def linear(
    graph: GraphWriter, x: str, weight: np.ndarray, bias: np.ndarray | None, name: str
) -> str:
    """x @ weight + bias, weight as [in, out]."""
    y = graph.op('MatMul', x, graph.constant(np.ascontiguousarray(weight), f'{name}.weight'))
    return y if bias is None else graph.op('Add', y, graph.constant(bias, f'{name}.bias'))


def layer_norm(graph: GraphWriter, x: str, norm: torch.nn.LayerNorm, name: str) -> str:
    """Layer normalisation over the last axis."""
    scale = graph.constant(array(norm.weight), f'{name}.scale')
    bias = graph.constant(array(norm.bias), f'{name}.bias')
    return graph.op('LayerNormalization', x, scale, bias, axis=-1, epsilon=norm.eps)


def feed_forward(graph: GraphWriter, x: str, block: torch.nn.Sequential, name: str) -> str:
    """The position-wise network."""
    first, last = block[0], block[3]
    hidden = linear(graph, x, array(first.weight).T, array(first.bias), f'{name}.0')
    hidden = graph.op('Relu', hidden)
    return linear(graph, hidden, array(last.weight).T, array(last.bias), f'{name}.1')


def query_key_value(attention: Attention) -> tuple[np.ndarray, np.ndarray]:
    """All three projections as one [width, 3 * width] matrix, the softmax scale in the query."""
    width = attention.query.in_features
    scale = (width // attention.heads) ** -0.5
    weight = np.concatenate(
        (array(attention.query.weight).T * scale, array(attention.key_value.weight).T), axis=1
    )
    bias = np.concatenate((array(attention.query.bias) * scale, array(attention.key_value.bias)))
    return weight.astype(np.float32), bias.astype(np.float32)


def backbone_map(graph: GraphWriter, model: Captioner, x: str, size: int) -> str:
    """The convolutions over a size x size picture; ReLU6 as Clip."""
    zero, six = graph.constant(np.float32(0)), graph.constant(np.float32(6))
    maps: dict[str, str] = {}
    for spec in model.backbone.specs:
        conv = model.backbone.convs[spec.name]
        before, after = (
            same_padding(size, spec.kernel, spec.stride) if spec.padding == 'same' else (0, 0)
        )
        x = graph.op(
            'Conv',
            x,
            graph.constant(array(conv.weight), f'{spec.name}.weight'),
            graph.constant(array(conv.bias), f'{spec.name}.bias'),
            output=f'{spec.name}.out',
            kernel_shape=[spec.kernel] * 2,
            strides=[spec.stride] * 2,
            pads=[before, before, after, after],
            group=spec.groups,
        )
        size = -(-size // spec.stride)
        if spec.relu6:
            x = graph.op('Clip', x, zero, six, output=f'{spec.name}.relu6')
        if spec.residual_from is not None:
            x = graph.op('Add', x, maps[spec.residual_from], output=f'{spec.name}.sum')
        maps[spec.name] = x
    return x


def encoder_attention(graph: GraphWriter, x: str, layer: EncoderLayer, cells: int) -> str:
    """The transformer layer over the map, x as [1, cells, width]."""
    heads = layer.attention.heads
    width = layer.attention.query.in_features
    y = layer_norm(graph, x, layer.norm1, 'map.norm1')
    weight, bias = query_key_value(layer.attention)
    y = linear(graph, y, weight, bias, 'map.attention')
    y = graph.op('Reshape', y, graph.ints(cells, 3, heads, width // heads))
    query, key, value = (
        graph.op('Squeeze', part, graph.ints(1))
        for part in graph.op('Split', y, graph.ints(1, 1, 1), outputs=3, axis=1)
    )
    query = graph.op('Transpose', query, perm=[1, 0, 2])
    key = graph.op('Transpose', key, perm=[1, 2, 0])
    value = graph.op('Transpose', value, perm=[1, 0, 2])
    scores = graph.op('Softmax', graph.op('MatMul', query, key), axis=-1)
    y = graph.op('Transpose', graph.op('MatMul', scores, value), perm=[1, 0, 2])
    y = graph.op('Reshape', y, graph.ints(1, cells, width))
    out = layer.attention.out
    x = graph.op('Add', x, linear(graph, y, array(out.weight).T, array(out.bias), 'map.out'))
    y = layer_norm(graph, x, layer.norm2, 'map.norm2')
    return graph.op('Add', x, feed_forward(graph, y, layer.feed_forward, 'map.feed_forward'))


def concept_probabilities(graph: GraphWriter, pooled: str, model: Captioner) -> tuple[str, str]:
    """How likely each concept is, by both sources and by the ImageNet classes alone, [1, concepts].

    pooled: [1, channels]. See `Concepts.logits`.
    """
    concepts = model.concepts
    untaught = len(concepts.ids) - concepts.taught
    query = concepts.query
    x = linear(graph, pooled, array(query.weight).T, array(query.bias), 'concepts.query')
    # As in the decoder, one matrix of words serves twice: as its product and by its columns. Words
    # that no caption teaches get a bias that leaves nothing of them.
    columns = np.ascontiguousarray(array(model.embedding.weight[concepts.ids]).T)
    words = graph.constant(columns, WORDS)
    bias = np.concatenate((array(concepts.bias), np.full(untaught, NEVER, np.float32)))
    taught = graph.op('MatMul', x, words)
    taught = graph.op('Add', taught, graph.constant(bias, 'concepts.bias'))
    taught = graph.op('Sigmoid', taught)
    head = concepts.head
    sharp = np.float32(concepts.sharpness)
    classes = linear(graph, pooled, array(head.weight).T * sharp, array(head.bias) * sharp, 'head')
    classes = graph.op('Softmax', classes, axis=-1)
    hints = linear(graph, classes, array(concepts.class_words), None, 'class_words')
    unhinted = graph.constant(np.zeros((1, concepts.hinted_from), np.float32), 'concepts.unhinted')
    hints = graph.op('Concat', unhinted, hints, axis=1)
    one = graph.floats(1.0)
    neither = graph.op('Mul', graph.op('Sub', one, taught), graph.op('Sub', one, hints))
    return graph.op('Sub', one, neither), hints


WORDS = 'concepts.words'
NEVER = -30.0


def concept_memory(graph: GraphWriter, probability: str, hints: str, model: Captioner) -> str:
    """The likeliest concepts as memory [1, seen, width]."""
    concepts, width = model.concepts, model.config.width
    low, high = np.float32(UNLIKELY), np.float32(1 - UNLIKELY)
    held = graph.op('Clip', probability, graph.constant(low), graph.constant(high))
    logits = graph.op('Log', graph.op('Div', held, graph.op('Sub', graph.floats(1.0), held)))
    values, indices = graph.op('TopK', logits, graph.ints(concepts.seen + 1), outputs=2, axis=-1)
    # The last one is not shown: it tells where the others fade out.
    parts = graph.ints(concepts.seen, 1)
    shown, left_out = graph.op('Split', values, parts, outputs=2, axis=-1)
    indices, _ = graph.op('Split', indices, parts, outputs=2, axis=-1)
    indices = graph.op('Reshape', indices, graph.ints(-1))
    x = graph.op('Transpose', graph.op('Gather', WORDS, indices, axis=1), perm=[1, 0])
    project = concepts.project
    weight = array(project.weight).T * np.float32(width**0.5)
    x = linear(graph, x, weight, array(project.bias), 'concepts.project')
    likely = graph.op('Reshape', graph.op('Sigmoid', shown), graph.ints(-1, 1))
    certainty = graph.constant(array(concepts.certainty), 'concepts.certainty')
    x = graph.op('Add', x, graph.op('Mul', likely, certainty))
    hinted = graph.op('Reshape', graph.op('Gather', hints, indices, axis=1), graph.ints(-1, 1))
    of_hints = graph.constant(array(concepts.hinted), 'concepts.hinted')
    x = graph.op('Add', x, graph.op('Mul', hinted, of_hints))
    x = layer_norm(graph, x, concepts.norm, 'concepts.norm')
    lead = graph.op('Mul', graph.op('Sub', shown, left_out), graph.floats(1 / concepts.fade))
    lead = graph.op('Reshape', graph.op('Min', lead, graph.floats(1.0)), graph.ints(-1, 1))
    return graph.op('Unsqueeze', graph.op('Mul', x, lead), graph.ints(0))


def build_encoder(model: Captioner, size: int = 224) -> onnx.ModelProto:
    """`pixel_values` [1, 3, size, size] to `cross_key_i`, `cross_value_i` [1, heads, n, d].

    n: the map's cells, then the likeliest concepts. Besides: `concepts`, the probability of each
    [1, concepts]; `tag_bias`, how much each is favoured where a caption names nothing that is
    surely there, [1, concepts]; and `embedding`, the pooled features scaled to a length of 1,
    [1, channels].
    """
    config = model.config
    cells, heads, width = config.grid**2, config.heads, config.width
    memory = cells + config.concepts_seen
    graph = GraphWriter('encoder')
    x = graph.input('pixel_values', FLOAT, [1, 3, size, size])
    x = backbone_map(graph, model, x, size)
    x = graph.op('Reshape', x, graph.ints(1, config.feature_channels, cells))
    rows = graph.op('Transpose', x, perm=[0, 2, 1])
    # The positions of the cells are added to the projection's bias once and for all.
    bias = array(model.project.bias) + array(model.cell_position)
    x = linear(graph, rows, array(model.project.weight).T, bias, 'project')
    x = encoder_attention(graph, x, model.encoder_layer, cells)
    x = layer_norm(graph, x, model.memory_norm, 'memory.norm')
    pooled = graph.op('ReduceMean', rows, axes=[1], keepdims=0)
    probability, hints = concept_probabilities(graph, pooled, model)
    x = graph.op('Concat', x, concept_memory(graph, probability, hints, model), axis=1)
    layers = [layer.cross_attention.key_value for layer in model.layers]
    weight = np.concatenate([array(layer.weight).T for layer in layers], axis=1)
    x = linear(graph, x, weight, np.concatenate([array(layer.bias) for layer in layers]), 'cross')
    x = graph.op('Reshape', x, graph.ints(1, memory, 2 * len(layers), heads, width // heads))
    x = graph.op('Transpose', x, perm=[2, 0, 3, 1, 4])
    parts = graph.op(
        'Split', x, graph.ints(*[1] * (2 * len(layers))), outputs=2 * len(layers), axis=0
    )
    for i, part in enumerate(parts):
        name = f'cross_{"value" if i % 2 else "key"}_{i // 2}'
        graph.op('Squeeze', part, graph.ints(0), output=name)
        graph.output(name, FLOAT, [1, heads, memory, width // heads])
    # Their own names last: a graph's output may not be read again under another name.
    graph.op('Identity', probability, output='concepts')
    graph.output('concepts', FLOAT, [1, len(config.concepts)])
    surplus = graph.op('Sub', hints, graph.floats(SURE))
    surplus = graph.op('Mul', surplus, graph.floats(1 / (1 - SURE)))
    graph.op('Relu', surplus, output='tag_bias')
    graph.output('tag_bias', FLOAT, [1, len(config.concepts)])
    squares = graph.op('ReduceSum', graph.op('Mul', pooled, pooled), graph.ints(1), keepdims=1)
    length = graph.op('Sqrt', graph.op('Add', squares, graph.floats(1e-12)))
    graph.op('Div', pooled, length, output='embedding')
    graph.output('embedding', FLOAT, [1, config.feature_channels])
    return graph.model()


def build_decoder(model: Captioner) -> onnx.ModelProto:
    """One word for every beam; see the README of this folder for the names and shapes."""
    config = model.config
    cells, heads, width = config.grid**2, config.heads, config.width
    size = width // heads
    graph = GraphWriter('decoder')
    tokens = graph.input('input_ids', INT64, ['batch', 1])
    cross, past = [], []
    for i in range(config.decoder_layers):
        shape: list[int | str] = [1, heads, cells + config.concepts_seen, size]
        cross.append(tuple(graph.input(f'cross_{n}_{i}', FLOAT, shape) for n in ('key', 'value')))
    for i in range(config.decoder_layers):
        shape = ['batch', heads, 'past', size]
        past.append(tuple(graph.input(f'past_{n}_{i}', FLOAT, shape) for n in ('key', 'value')))

    # The vocabulary matrix stands once, as [width, words]: words are its columns when it is read
    # for the input and when it gives the logits.
    words = graph.constant(np.ascontiguousarray(array(model.embedding.weight).T), 'words.weight')
    flat = graph.op('Reshape', tokens, graph.ints(-1))
    x = graph.op('Transpose', graph.op('Gather', words, flat, axis=1), perm=[1, 0])
    x = graph.op('Mul', x, graph.constant(np.float32(width**0.5)))
    length = graph.op('Shape', past[0][0], start=2, end=3)
    positions = graph.constant(array(model.position), 'position')
    x = graph.op('Add', x, graph.op('Gather', positions, length, axis=0))

    for i, layer in enumerate(model.layers):
        y = layer_norm(graph, x, layer.norm1, f'{i}.norm1')
        weight, bias = query_key_value(layer.self_attention)
        y = linear(graph, y, weight, bias, f'{i}.self')
        y = graph.op('Reshape', y, graph.ints(-1, 3 * heads, 1, size))
        query, key, value = graph.op('Split', y, graph.ints(heads, heads, heads), outputs=3, axis=1)
        key = graph.op('Concat', past[i][0], key, axis=2, output=f'present_key_{i}')
        value = graph.op('Concat', past[i][1], value, axis=2, output=f'present_value_{i}')
        scores = graph.op('MatMul', query, graph.op('Transpose', key, perm=[0, 1, 3, 2]))
        y = graph.op('MatMul', graph.op('Softmax', scores, axis=-1), value)
        y = graph.op('Reshape', y, graph.ints(-1, width))
        out = layer.self_attention.out
        y = linear(graph, y, array(out.weight).T, array(out.bias), f'{i}.self_out')
        x = graph.op('Add', x, y)

        y = layer_norm(graph, x, layer.norm2, f'{i}.norm2')
        scale = np.float32(size**-0.5)
        projection = layer.cross_attention.query
        y = linear(
            graph,
            y,
            array(projection.weight).T * scale,
            array(projection.bias) * scale,
            f'{i}.cross',
        )
        # All beams look at the same photo: their queries are the rows of one product a head.
        y = graph.op('Reshape', y, graph.ints(-1, heads, size))
        y = graph.op('Unsqueeze', graph.op('Transpose', y, perm=[1, 0, 2]), graph.ints(0))
        scores = graph.op('MatMul', y, graph.op('Transpose', cross[i][0], perm=[0, 1, 3, 2]))
        scores = graph.op('Softmax', scores, axis=-1)
        attention = scores
        y = graph.op('MatMul', scores, cross[i][1])
        y = graph.op('Reshape', graph.op('Transpose', y, perm=[0, 2, 1, 3]), graph.ints(-1, width))
        out = layer.cross_attention.out
        y = linear(graph, y, array(out.weight).T, array(out.bias), f'{i}.cross_out')
        x = graph.op('Add', x, y)

        y = layer_norm(graph, x, layer.norm3, f'{i}.norm3')
        x = graph.op('Add', x, feed_forward(graph, y, layer.feed_forward, f'{i}.feed_forward'))

    y = layer_norm(graph, x, model.final_norm, 'final.norm')
    logits = graph.op('MatMul', y, words)
    logits = graph.op('Add', logits, graph.constant(array(model.output_bias), 'words.bias'))
    graph.op('Unsqueeze', logits, graph.ints(1), output='logits')
    graph.output('logits', FLOAT, ['batch', 1, config.vocabulary])
    for i in range(config.decoder_layers):
        for n in ('key', 'value'):
            graph.output(f'present_{n}_{i}', FLOAT, ['batch', heads, 'past + 1', size])
    weights = graph.op('ReduceMean', attention, axes=[0, 1], keepdims=0)
    # Where the photo was looked at: the share of the concepts, which have no place, is left out.
    weights = graph.op('Slice', weights, graph.ints(0), graph.ints(cells), graph.ints(1))
    total = graph.op('ReduceSum', weights, graph.ints(1), keepdims=1)
    weights = graph.op('Div', weights, total)
    graph.op('Unsqueeze', weights, graph.ints(1), output='cross_attention')
    graph.output('cross_attention', FLOAT, ['batch', 1, cells])
    return graph.model()


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--checkpoint', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    model = load_captioner(args.checkpoint)
    onnx.save(build_encoder(model), args.out / 'encoder.onnx')
    onnx.save(build_decoder(model), args.out / 'decoder.onnx')


if __name__ == '__main__':
    main()
