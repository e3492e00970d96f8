"""Caption the val photos with a checkpoint and score the captions.

python evaluate.py --checkpoint WORK/lite/last.pt --data DATA --work WORK
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from beam import BeamOptions, TorchDecoder, beam_search
from dataset import Photo, prepare_pixels, read_photos, to_pixel_values
from metrics import score_captions
from model import Captioner, load_captioner
from vocabulary import Vocabulary

DEFAULT_SEARCH = BeamOptions()


@torch.no_grad()
def encode_photos(
    model: Captioner, pixels: np.ndarray, photos: list[Photo], device: torch.device, batch: int = 50
) -> torch.Tensor:
    """Memories [photos, 49, width] float32 of whole photos."""
    memories = []
    for first in range(0, len(photos), batch):
        rows = [photo.row for photo in photos[first : first + batch]]
        pixel_values = to_pixel_values(pixels[rows]).to(device)
        pixel_values = pixel_values.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            features = model.backbone(pixel_values)
        memories.append(model.memory(features.float()))
    return torch.cat(memories)


def caption_photos(
    model: Captioner,
    vocabulary: Vocabulary,
    pixels: np.ndarray,
    photos: list[Photo],
    device: torch.device,
    options: BeamOptions = DEFAULT_SEARCH,
) -> list[str]:
    """One caption a photo."""
    memories = encode_photos(model, pixels, photos, device)
    found = []
    for part in memories.split(100):
        decoder = TorchDecoder(model, part, options.beams)
        found += beam_search(decoder, len(part), options, device)
    return [vocabulary.decode(tokens) for _, tokens in found]


def score_set(captions: list[str], photos: list[Photo]) -> dict[str, float]:
    """Scores of the captions against the photos' own."""
    return score_captions(captions, [photo.captions for photo in photos])


def main() -> None:
    """Evaluate a checkpoint on all of val."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--checkpoint', type=Path, required=True)
    parser.add_argument('--vocabulary', type=Path, help='default: beside the checkpoint')
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--split', default='val')
    parser.add_argument('--beams', type=int, default=3)
    parser.add_argument('--length-penalty', type=float, default=1.0)
    parser.add_argument('--early-stopping', action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument('--out', type=Path, help='write captions beside references here')
    args = parser.parse_args()
    sets = [args.data / name for name in args.sets]
    photos = read_photos(sets)
    pixels = prepare_pixels(sets, photos, args.work / 'pixels.npy')
    vocabulary = Vocabulary.load(args.vocabulary or args.checkpoint.parent / 'vocabulary.txt')
    model = load_captioner(args.checkpoint).to(memory_format=torch.channels_last)
    options = BeamOptions(
        beams=args.beams,
        length_penalty=args.length_penalty,
        early_stopping=args.early_stopping,
    )
    rows = []
    for name in args.sets:
        chosen = [p for p in photos if p.split == args.split and p.set_name == name]
        captions = caption_photos(model, vocabulary, pixels, chosen, torch.device('cpu'), options)
        print(name, json.dumps({k: round(v, 4) for k, v in score_set(captions, chosen).items()}))
        rows += [
            {'file': f'{name}/{p.file}', 'caption': c, 'references': p.captions}
            for p, c in zip(chosen, captions)
        ]
    if args.out is not None:
        args.out.write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    main()
