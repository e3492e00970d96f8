"""Caption the val photos with a model folder as it ships, and score the captions.

python evaluate_onnx.py --model ../../models/lite --data DATA --work WORK --metrics metrics.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from dataset import prepare_pixels, read_photos
from evaluate import score_set
from onnx_captioner import OnnxCaptioner


def main() -> None:
    """Evaluate a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--split', default='val')
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--limit', type=int, help='only so many photos of each set')
    parser.add_argument('--length-penalty', type=float, help="default: the manifest's")
    parser.add_argument('--metrics', type=Path, help="write the manifest's metrics here")
    parser.add_argument('--out', type=Path, help='write captions beside references here')
    args = parser.parse_args()
    folders = [args.data / name for name in args.sets]
    photos = read_photos(folders)
    pixels = prepare_pixels(folders, photos, args.work / 'pixels.npy')
    captioner = OnnxCaptioner(args.model, args.threads)
    options = captioner.options
    if args.length_penalty is not None:
        options = replace(options, length_penalty=args.length_penalty)
    metrics, rows = {}, []
    for name in args.sets:
        chosen = [p for p in photos if p.split == args.split and p.set_name == name]
        chosen = chosen[: args.limit]
        found = [captioner.caption(captioner.encode(pixels[p.row]), options) for p in chosen]
        scores = score_set([caption.text for caption in found], chosen)
        print(name, json.dumps({key: round(value, 4) for key, value in scores.items()}), flush=True)
        metrics[f'{name}-{args.split}'] = {
            'photos': len(chosen),
            'bleu4': round(scores['bleu4'], 1),
            'ciderD': round(scores['ciderD'], 3),
            'distinct': round(scores['distinct'], 3),
        }
        rows += [
            {
                'file': f'{name}/{photo.file}',
                'caption': caption.text,
                'score': caption.score,
                'tokens': caption.tokens,
                'references': photo.captions,
            }
            for photo, caption in zip(chosen, found)
        ]
    if args.metrics is not None:
        args.metrics.write_text(json.dumps(metrics, indent=2) + '\n')
    if args.out is not None:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
