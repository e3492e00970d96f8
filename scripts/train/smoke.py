"""The whole of the training on about 50 photos, in about a minute: does every step run?

    python smoke.py [--data DATA] [--weights efficientnet_lite0.npz]

Without --data the photos are drawn here (a coloured shape on a coloured ground, and sentences that
say so). Teaches the decoder sentences, trains, refines, averages, exports, checks parity,
quantises, evaluates, and fails if a step fails, if the loss does not fall, or if the int8 files are
not a quarter of the float ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from run_all import run

COLOURS = ('red', 'blue', 'green', 'white', 'yellow', 'black')
SHAPES = ('circle', 'square', 'triangle')


def draw(colour: str, ground: str, shape: str, rng: random.Random) -> Image.Image:
    """One shape somewhere on a plain ground."""
    image = Image.new('RGB', (240, 180), ground)
    x, y, size = rng.randint(10, 120), rng.randint(10, 80), rng.randint(60, 90)
    pen = ImageDraw.Draw(image)
    if shape == 'circle':
        pen.ellipse((x, y, x + size, y + size), fill=colour)
    elif shape == 'square':
        pen.rectangle((x, y, x + size, y + size), fill=colour)
    else:
        pen.polygon((x, y + size, x + size, y + size, x + size // 2, y), fill=colour)
    return image


def draw_set(folder: Path, photos: int = 50) -> None:
    """A set in the form that `dataset.py` reads."""
    rng = random.Random(0)
    (folder / 'images').mkdir(parents=True)
    entries = []
    for i in range(photos):
        colour, ground = rng.sample(COLOURS, 2)
        shape = rng.choice(SHAPES)
        draw(colour, ground, shape, rng).save(folder / 'images' / f'{i}.jpg')
        captions = [
            f'A {colour} {shape} on a {ground} ground.',
            f'a {shape} of {colour} colour on {ground}',
            f'There is a {colour} {shape}, and the ground is {ground}.',
        ]
        split = 'val' if i % 5 == 0 else 'train'
        entries.append({'file': f'{i}.jpg', 'split': split, 'captions': captions})
    (folder / 'captions.json').write_text(json.dumps(entries))


def copy_some(source: Path, folder: Path, photos: int = 50) -> None:
    """The first photos of a real set, four fifths of them for training."""
    (folder / 'images').mkdir(parents=True)
    entries = json.loads((source / 'captions.json').read_text())[:photos]
    for i, entry in enumerate(entries):
        data = (source / 'images' / entry['file']).read_bytes()
        (folder / 'images' / entry['file']).write_bytes(data)
        entry['split'] = 'val' if i % 5 == 0 else 'train'
    (folder / 'captions.json').write_text(json.dumps(entries))


def write_sentences(folder: Path, path: Path) -> None:
    """The captions of a set as sentences without photos."""
    entries = json.loads((folder / 'captions.json').read_text())
    with gzip.open(path, 'wt') as lines:
        lines.writelines(f'{caption}\n' for entry in entries for caption in entry['captions'])


def main() -> None:
    """Run every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, help='a folder with flickr8k/')
    parser.add_argument('--weights', type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        data = work / 'data'
        if args.data is None:
            draw_set(data / 'tiny')
        else:
            copy_some(args.data / 'flickr8k', data / 'tiny')
        common = ('--data', data, '--sets', 'tiny', '--work', work)
        weights = ('--weights', args.weights) if args.weights else ()
        sentences = ('--sentences', work / 'sentences.txt.gz')
        write_sentences(data / 'tiny', sentences[1])
        reading = ('--steps', 30, '--batch', 16, '--min-count', 1, '--concept-photos', 1)
        run('pretrain.py', '--name', 'words', *common, *sentences, *reading)
        training = ('--frozen-epochs', 1, '--epochs', 3, '--batch', 8, '--sentence-batch', 8)
        decoder = ('--decoder', work / 'words' / 'last.pt')
        run('train.py', '--name', 'a', *common, *weights, *decoder, *sentences, *training)
        log = [json.loads(line) for line in (work / 'a' / 'log.jsonl').read_text().splitlines()]
        if not log[-1]['loss'] < log[0]['loss']:
            raise SystemExit(f'the loss did not fall: {log}')
        first = work / 'a' / 'epoch03.pt'
        refining = ('--epochs', 1, '--batch', 8, '--sentence-batch', 8)
        run('refine.py', '--name', 'b', '--start', first, *common, *sentences, *refining)
        steadying = ('--steady', 1.5, '--anchor', first, '--depthwise', '--frozen-layers', 0)
        half = ('--shares', 0.5)
        run('refine.py', '--name', 'c', '--start', first, *common, *refining, *steadying, *half)
        firm = work / 'd' / 'start.pt'
        run('steady_kernels.py', '--start', first, '--out', firm, *common)
        averaged = work / 'b' / 'average.pt'
        ends = [work / name / 'epoch01.pt' for name in ('b', 'c')]
        run('average.py', '--out', averaged, firm, *ends)
        run('export.py', '--checkpoint', averaged, '--out', work / 'float')
        run('parity.py', '--checkpoint', averaged)
        quantising = ('--data', data, '--sets', 'tiny', '--work', work, '--photos', 8)
        run('quantise.py', '--float', work / 'float', '--out', work / 'int8', *quantising)
        run('assemble.py', '--vocabulary', work / 'b' / 'vocabulary.txt', '--out', work / 'int8')
        run('evaluate_onnx.py', '--model', work / 'int8', *common)
        sizes = [
            sum((work / form / f'{part}.onnx').stat().st_size for part in ('encoder', 'decoder'))
            for form in ('float', 'int8')
        ]
        print(f'float {sizes[0] / 1e6:.1f} MB, int8 {sizes[1] / 1e6:.1f} MB')
        if sizes[1] > 0.3 * sizes[0]:
            raise SystemExit('the int8 files are too large')


if __name__ == '__main__':
    main()
