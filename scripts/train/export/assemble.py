"""Put a model folder together: tokenizer, and manifest with checksums.

    python -m export.assemble --checkpoint WORK/NAME/average.pt --out MODEL [--metrics FILE]

FOLDER must already hold encoder.onnx and decoder.onnx; the names and shapes that the manifest
states are read from them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import onnx
import torch

from data.forms import word_forms
from data.photos import FEMALE, MALE
from data.vocabulary import Vocabulary

LICENSE = 'SEE LICENSE IN MODEL_CARD.md'


def shape_of(value: onnx.ValueInfoProto) -> list[int | str]:
    """The declared shape; dynamic axes by name."""
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def state_of(decoder: onnx.ModelProto) -> list[dict[str, Any]]:
    """Every past/present pair with the shape that one beam starts with."""
    state = []
    for value in decoder.graph.input:
        if value.name.startswith('past_'):
            batch, heads, _, size = shape_of(value)
            state.append(
                {
                    'input': value.name,
                    'output': value.name.replace('past_', 'present_'),
                    'initial': [1, heads, 0, size],
                }
            )
    return state


def manifest_of(
    folder: Path,
    version: str,
    tags: dict[str, Any],
    generation: dict[str, Any],
    metrics: dict[str, Any],
    confidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of the ONNX files in `folder`."""
    encoder = onnx.load(folder / 'encoder.onnx')
    decoder = onnx.load(folder / 'decoder.onnx')
    outputs = [output.name for output in encoder.graph.output]
    crosses = [name for name in outputs if name.startswith('cross_')]
    _, _, height, width = shape_of(encoder.graph.input[0])
    files = ('encoder.onnx', 'decoder.onnx', 'tokenizer.json')
    return {
        'format': 1,
        'name': 'lite',
        'version': version,
        'license': LICENSE,
        'task': 'image-to-text',
        'image': {
            'width': width,
            'height': height,
            'fit': 'stretch',
            'resample': 'lanczos',
            # As `to_pixel_values`: (x - 127) / 128 of levels 0 to 255.
            'mean': [127 / 255] * 3,
            'std': [128 / 255] * 3,
            'layout': 'nchw',
        },
        'encoder': {
            'file': files[0],
            'input': 'pixel_values',
            'outputs': crosses,
            'tags': {'output': 'concepts', **tags, 'bias': 'tag_bias'},
            'features': 'embedding',
        },
        'decoder': {
            'file': files[1],
            'tokens': 'input_ids',
            'logits': 'logits',
            'attention': 'cross_attention',
            'attentionGrid': [7, 7],
            'encoderInputs': {name: name for name in crosses},
            'state': state_of(decoder),
        },
        'tokenizer': {'file': files[2]},
        'generation': {
            'bos': Vocabulary.bos,
            'eos': Vocabulary.eos,
            'pad': Vocabulary.pad,
            'suppress': [Vocabulary.pad, Vocabulary.bos, Vocabulary.unk],
            'maxLength': 20,
            'numBeams': 3,
            **generation,
        },
        **({'confidence': confidence} if confidence else {}),
        'metrics': metrics,
        'sha256': {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files
        },
    }


def write_json(path: Path, value: object) -> None:
    """Indented JSON with a final newline; lists of numbers, and lists of those, on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    text = re.sub(r'\[[\d\s.,-]+\]', lambda found: re.sub(r'\s+', ' ', found[0]), text)
    text = text.replace('[ ', '[').replace(' ]', ']')
    text = re.sub(r'(?<=\d\]),\s+(?=\[\d)', ', ', text)
    text = re.sub(r'\[\s+(?=\[\d)|(?<=\d\])\s+(?=\])', lambda found: found[0].strip(), text)
    path.write_text(text + '\n')


def main() -> None:
    """Assemble a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--checkpoint', type=Path, required=True, help='vocabulary.txt beside it')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--metrics', type=Path, help='what evaluation.evaluate_onnx wrote')
    parser.add_argument('--confidence', type=Path, help='the fitted `confidence` field')
    parser.add_argument('--length-penalty', type=float, default=1.5)
    parser.add_argument('--early-stopping', action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument('--no-repeat-ngram', type=int, default=3)
    parser.add_argument('--tag-weight', type=float, default=0.2)
    parser.add_argument('--tag-bias', type=float, default=4)
    parser.add_argument('--tag-repeat-penalty', type=float, default=4)
    parser.add_argument('--wordnet', type=Path, default=Path('/usr/share/wordnet'))
    parser.add_argument('--version', default='0.1.0')
    args = parser.parse_args()
    metrics = json.loads(args.metrics.read_text()) if args.metrics else {}
    vocabulary = Vocabulary.load(args.checkpoint.parent / 'vocabulary.txt')
    vocabulary.write_tokenizer(args.out / 'tokenizer.json')
    confidence = json.loads(args.confidence.read_text()) if args.confidence else None
    generation = {
        'lengthPenalty': args.length_penalty,
        'earlyStopping': args.early_stopping,
        'noRepeatNgramSize': args.no_repeat_ngram,
        'tagWeight': args.tag_weight,
        'tagBias': args.tag_bias,
        'tagRepeatPenalty': args.tag_repeat_penalty,
    }
    concepts = torch.load(args.checkpoint, weights_only=True)['config']['concepts']
    tags = {
        'tokens': list(concepts),
        'forms': word_forms(vocabulary.words, concepts, args.wordnet),
        'unweighted': [i for i in concepts if vocabulary.words[i] in {*MALE, *FEMALE}],
    }
    manifest = manifest_of(args.out, args.version, tags, generation, metrics, confidence)
    write_json(args.out / 'manifest.json', manifest)


if __name__ == '__main__':
    main()
