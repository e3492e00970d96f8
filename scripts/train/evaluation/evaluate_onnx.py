"""Caption the val photos with a model folder as it ships, and score the captions.

python -m evaluation.evaluate_onnx --model MODEL --data DATA --work WORK --metrics FILE
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from data.photos import add_set_arguments, prepare_pixels, read_photos, set_folders
from evaluation.evaluate import score_set
from evaluation.naming import names_thing, read_naming
from evaluation.onnx_captioner import OnnxCaptioner


def main() -> None:
    """Evaluate a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', type=Path, required=True)
    add_set_arguments(parser)
    parser.add_argument('--naming', type=Path, help='photos to check names on')
    parser.add_argument('--split', default='val')
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--limit', type=int, help='only so many photos of each set')
    parser.add_argument('--length-penalty', type=float, help="default: the manifest's")
    parser.add_argument('--metrics', type=Path, help="write the manifest's metrics here")
    parser.add_argument('--out', type=Path, help='write captions beside references here')
    args = parser.parse_args()
    folders = set_folders(args)
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
        if not chosen:
            continue
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
    if args.naming:
        things, words = read_naming(args.naming)
        found = [captioner.caption(captioner.encode(thing), options) for thing in things]
        named = [names_thing(caption.text, own) for caption, own in zip(found, words)]
        print('naming', round(sum(named) / len(named), 4), flush=True)
        metrics['things'] = {'photos': len(named), 'named': round(sum(named) / len(named), 3)}
        rows += [
            {
                'file': f'naming/{i}',
                'caption': caption.text,
                'score': caption.score,
                'tokens': caption.tokens,
                'references': own,
                'named': right,
            }
            for i, (caption, own, right) in enumerate(zip(found, words, named))
        ]
    if args.metrics is not None:
        args.metrics.write_text(json.dumps(metrics, indent=2) + '\n')
    if args.out is not None:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
