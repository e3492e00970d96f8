"""Caption the val photos with a checkpoint and score the captions.

python -m evaluation.evaluate --checkpoint WORK/lite/last.pt --data DATA --work WORK
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from data.photos import (
    Photo,
    add_set_arguments,
    prepare_pixels,
    read_photos,
    set_folders,
    to_pixel_values,
)
from data.vocabulary import Vocabulary
from evaluation.beam import BeamOptions, TorchDecoder, beam_search
from evaluation.metrics import score_captions
from evaluation.naming import names_thing, read_naming
from model.captioner import Captioner, load_captioner

DEFAULT_SEARCH = BeamOptions()


@torch.no_grad()
def encode_photos(
    model: Captioner, pixels: np.ndarray, device: torch.device, batch: int = 50
) -> torch.Tensor:
    """Memories [photos, 49 + seen, width] float32 of pixels [photos, 224, 224, 3]."""
    memories = []
    for first in range(0, len(pixels), batch):
        pixel_values = to_pixel_values(pixels[first : first + batch]).to(device)
        pixel_values = pixel_values.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            features = model.backbone(pixel_values)
        memories.append(model.memory(features.float()))
    return torch.cat(memories)


def caption_pixels(
    model: Captioner,
    vocabulary: Vocabulary,
    pixels: np.ndarray,
    device: torch.device,
    options: BeamOptions = DEFAULT_SEARCH,
) -> list[str]:
    """One caption for each of [photos, 224, 224, 3]."""
    found = []
    for part in encode_photos(model, pixels, device).split(100):
        decoder = TorchDecoder(model, part, options.beams)
        found += beam_search(decoder, len(part), options, device)
    return [vocabulary.decode(tokens) for _, tokens in found]


class Validation:
    """What a run's log tells after an epoch."""

    def __init__(
        self,
        photos: list[Photo],
        pixels: np.ndarray,
        vocabulary: Vocabulary,
        count: int,
        naming: Path | None,
    ) -> None:
        """count: val photos of each set; naming: the folder of photos to check names on."""
        self.pixels = pixels
        self.vocabulary = vocabulary
        self.sets: dict[str, list[Photo]] = {}
        for photo in photos:
            if photo.split == 'val' and len(self.sets.setdefault(photo.set_name, [])) < count:
                self.sets[photo.set_name].append(photo)
        self.things = read_naming(naming) if naming else None

    def scores(self, model: Captioner, device: torch.device) -> dict[str, object]:
        """BLEU-4, CIDEr-D and distinct captions of each set; the share of things named."""
        line: dict[str, object] = {}
        for name, photos in self.sets.items():
            rows = [photo.row for photo in photos]
            captions = caption_pixels(model, self.vocabulary, self.pixels[rows], device)
            scores = score_set(captions, photos)
            line[name] = {k: round(scores[k], 3) for k in ('bleu4', 'ciderD', 'distinct')}
        if self.things is not None:
            pixels, words = self.things
            captions = caption_pixels(model, self.vocabulary, pixels, device)
            named = sum(map(names_thing, captions, words))
            line['named'] = round(named / len(words), 3)
        return line


def score_set(captions: list[str], photos: list[Photo]) -> dict[str, float]:
    """Scores of the captions against the photos' own."""
    return score_captions(captions, [photo.captions for photo in photos])


def main() -> None:
    """Evaluate a checkpoint on all of val."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--checkpoint', type=Path, required=True)
    parser.add_argument('--vocabulary', type=Path, help='default: beside the checkpoint')
    add_set_arguments(parser)
    parser.add_argument('--naming', type=Path, help='photos to check names on')
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--split', default='val')
    parser.add_argument('--beams', type=int, default=3)
    parser.add_argument('--length-penalty', type=float, default=1.0)
    parser.add_argument('--early-stopping', action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument('--out', type=Path, help='write captions beside references here')
    args = parser.parse_args()
    sets = set_folders(args)
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
        if not chosen:
            continue
        rows_of_set = [photo.row for photo in chosen]
        device = torch.device('cpu')
        captions = caption_pixels(model, vocabulary, pixels[rows_of_set], device, options)
        print(name, json.dumps({k: round(v, 4) for k, v in score_set(captions, chosen).items()}))
        rows += [
            {'file': f'{name}/{p.file}', 'caption': c, 'references': p.captions}
            for p, c in zip(chosen, captions)
        ]
    if args.naming:
        things, words = read_naming(args.naming)
        captions = caption_pixels(model, vocabulary, things, torch.device('cpu'), options)
        named = list(map(names_thing, captions, words))
        print('naming', round(sum(named) / len(named), 4))
        rows += [
            {'file': f'naming/{i}', 'caption': c, 'references': w, 'named': n}
            for i, (c, w, n) in enumerate(zip(captions, words, named))
        ]
    if args.out is not None:
        args.out.write_text(json.dumps(rows, indent=1))


if __name__ == '__main__':
    main()
