"""Put a model folder together: tokenizer, manifest with checksums, package.json.

    python assemble.py --vocabulary WORK/lite/vocabulary.txt --out FOLDER [--metrics metrics.json]

FOLDER must already hold encoder.onnx and decoder.onnx; the names and shapes that the manifest
states are read from them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import onnx

from vocabulary import Vocabulary

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
    generation: dict[str, Any],
    metrics: dict[str, Any],
    confidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of the ONNX files in `folder`."""
    encoder = onnx.load(folder / 'encoder.onnx')
    decoder = onnx.load(folder / 'decoder.onnx')
    crosses = [output.name for output in encoder.graph.output]
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
            'mean': [0.5, 0.5, 0.5],
            'std': [0.5, 0.5, 0.5],
            'layout': 'nchw',
        },
        'encoder': {'file': files[0], 'input': 'pixel_values', 'outputs': crosses},
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


def package_of(version: str) -> dict[str, Any]:
    """The folder's package.json."""
    return {
        'name': '@zipcaption/lite',
        'version': version,
        'description': "zipcaption's embedded captioning model: ONNX files, tokenizer, manifest",
        'license': LICENSE,
        'type': 'module',
        'sideEffects': False,
        'files': [
            'encoder.onnx',
            'decoder.onnx',
            'tokenizer.json',
            'manifest.json',
            'MODEL_CARD.md',
        ],
        'exports': {'./manifest.json': './manifest.json', './*': './*'},
    }


def write_json(path: Path, value: object) -> None:
    """Indented JSON with a final newline."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + '\n')


def main() -> None:
    """Assemble a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--vocabulary', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--metrics', type=Path, help='what evaluate_onnx.py wrote')
    parser.add_argument('--confidence', type=Path, help='the fitted `confidence` field')
    parser.add_argument('--length-penalty', type=float, default=1.0)
    parser.add_argument('--early-stopping', action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument('--version', default='0.1.0')
    args = parser.parse_args()
    metrics = json.loads(args.metrics.read_text()) if args.metrics else {}
    Vocabulary.load(args.vocabulary).write_tokenizer(args.out / 'tokenizer.json')
    confidence = json.loads(args.confidence.read_text()) if args.confidence else None
    generation = {
        'lengthPenalty': args.length_penalty,
        'earlyStopping': args.early_stopping,
    }
    manifest = manifest_of(args.out, args.version, generation, metrics, confidence)
    write_json(args.out / 'manifest.json', manifest)
    write_json(args.out / 'package.json', package_of(args.version))


if __name__ == '__main__':
    main()
