"""The whole recipe on 50 drawn photos, in about two minutes: does every step run?

    python smoke.py

The photos are coloured shapes on coloured grounds, the encoders have random weights and three
classes, WordNet has a dozen words. Fails if a step fails, if the loss does not fall, if a run that
was stopped does not go on, or if the int8 files are not a quarter of the float ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from model.encoder import efficientnet_lite
from run_all import Recipe, run_recipe

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
    """A set in the form that `data.photos` reads."""
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


def write_sentences(folder: Path, path: Path) -> None:
    """The captions of a set as sentences without photos."""
    entries = json.loads((folder / 'captions.json').read_text())
    with gzip.open(path, 'wt') as lines:
        lines.writelines(f'{caption}\n' for entry in entries for caption in entry['captions'])


def write_encoders(folder: Path) -> None:
    """Encoders of random weights with heads for as many classes as the networks have."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ('lite0', 'lite2'):
        arrays = {}
        for spec in efficientnet_lite(name):
            shape = (spec.out_channels, spec.in_channels // spec.groups, spec.kernel, spec.kernel)
            scale = (2 / np.prod(shape[1:])) ** 0.5
            arrays[f'{spec.name}.weight'] = (scale * rng.standard_normal(shape)).astype(np.float16)
            arrays[f'{spec.name}.bias'] = np.zeros(spec.out_channels, np.float16)
        head = 0.01 * rng.standard_normal((1000, 1280))
        arrays |= {'fc_weight': head.astype(np.float16), 'fc_bias': np.zeros(1000, np.float16)}
        np.savez(folder / f'efficientnet_{name}.npz', **arrays)
    labels = (f'{SHAPES[i % len(SHAPES)]}{i // len(SHAPES) or ""}' for i in range(1000))
    (folder / 'imagenet_labels.txt').write_text('\n'.join(labels) + '\n')


def write_wordnet(folder: Path) -> None:
    """One synset a class, all below "shape"."""
    folder.mkdir()
    lines = ['00000001 03 n 01 figure 0 000 | what is drawn']
    for i in range(1000):
        word = f'{SHAPES[i % len(SHAPES)]}{i // len(SHAPES) or ""}'
        lines.append(f'{i + 2:08} 06 n 01 {word} 0 001 @ 00000001 n 0000 | a figure')
    (folder / 'data.noun').write_text('\n'.join(lines) + '\n')
    (folder / 'noun.exc').write_text('')
    (folder / 'index.noun').write_text('figure n 1\n')


def main() -> None:
    """Run every step, twice."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        draw_set(work / 'data' / 'tiny')
        write_sentences(work / 'data' / 'tiny', work / 'sentences.txt.gz')
        write_encoders(work / 'encoders')
        write_wordnet(work / 'wordnet')
        (work / 'model').mkdir()
        few = ('--batch', 8, '--sentence-batch', 8)
        recipe = Recipe(
            sets=('tiny',),
            shares=(1,),
            later_shares=(1,),
            described_shares=(1,),
            reading=('--steps', 30, '--batch', 16, '--min-count', 1, '--concept-photos', 1),
            training=('--frozen-epochs', 1, '--epochs', 3, *few),
            averaged=2,
            refining=('--epochs', 1, *few),
            hardening=('--hard', '--frozen-epochs', 0, '--epochs', 1, *few),
            finishing=('--hard', '--epochs', 1, *few),
            calibration=8,
        )
        args = argparse.Namespace(
            data=work / 'data',
            sentences=work / 'sentences.txt.gz',
            encoders=work / 'encoders',
            encoder='lite0',
            teacher='lite2',
            naming=None,
            wordnet=work / 'wordnet',
            work=work / 'work',
            out=work / 'model',
        )
        run_recipe(args, recipe)
        log = (args.work / 'trained' / 'log.jsonl').read_text().splitlines()
        losses = [json.loads(line)['losses'][0] for line in log]
        if not losses[-1] < losses[0]:
            raise SystemExit(f'the loss did not fall: {losses}')
        # Two more epochs go on from the last: nothing is begun anew.
        longer = ('--frozen-epochs', 1, '--epochs', 4, *few)
        run_recipe(args, replace(recipe, training=longer))
        again = (args.work / 'trained' / 'log.jsonl').read_text().splitlines()
        if [json.loads(line)['epoch'] for line in again] != [1, 2, 3, 4]:
            raise SystemExit('training did not go on from where it stopped')
        sizes = [
            sum((folder / f'{part}.onnx').stat().st_size for part in ('encoder', 'decoder'))
            for folder in (args.work / 'float', args.out)
        ]
        print(f'float {sizes[0] / 1e6:.1f} MB, int8 {sizes[1] / 1e6:.1f} MB')
        if sizes[1] > 0.3 * sizes[0]:
            raise SystemExit('the int8 files are too large')


if __name__ == '__main__':
    main()
