"""Record what Python finds for the sample photos, for the TypeScript side to be held to.

    python -m export.record_parity --model MODEL --samples ../../samples --out FILE

For each photo: checksum and channel means of the 224x224 pixels that enter the encoder, and the
token ids, text and score of greedy and beam search with the shipped ONNX files by onnxruntime.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from data.photos import SIZE
from evaluation.onnx_captioner import Caption, OnnxCaptioner

KINDS = ('.jpg', '.jpeg', '.png')


def pixels_of(path: Path) -> np.ndarray:
    """The upright photo on white, squashed, as [224, 224, 3] uint8."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert('RGBA')
    white = Image.new('RGBA', upright.size, 'white')
    flat = Image.alpha_composite(white, upright).convert('RGB')
    return np.asarray(flat.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def entry_of(caption: Caption) -> dict[str, Any]:
    """A caption as JSON."""
    return {'tokens': caption.tokens, 'text': caption.text, 'score': round(caption.score, 6)}


def main() -> None:
    """Record the fixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--samples', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    captioner = OnnxCaptioner(args.model)
    greedy = replace(captioner.options, beams=1)
    photos = []
    for path in sorted(p for p in args.samples.iterdir() if p.suffix in KINDS):
        pixels = pixels_of(path)
        encoded = captioner.encode(pixels)
        photos.append(
            {
                'file': path.name,
                'pixelsSha256': hashlib.sha256(pixels.tobytes()).hexdigest(),
                'channelMeans': [round(float(mean), 4) for mean in pixels.mean(axis=(0, 1))],
                'greedy': entry_of(captioner.caption(encoded, greedy)),
                'beam': entry_of(captioner.caption(encoded)),
            }
        )
    manifest = json.loads((args.model / 'manifest.json').read_text())
    fixture = {
        'model': manifest['name'],
        'version': manifest['version'],
        'sha256': manifest['sha256'],
        'photos': photos,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(fixture, indent=2) + '\n')
    for photo in photos:
        print(f'{photo["file"]}: {photo["beam"]["text"]}')


if __name__ == '__main__':
    main()
