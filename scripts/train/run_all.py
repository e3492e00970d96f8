"""Every step from photos to a finished model folder.

    python run_all.py --data DATA --sentences FILE.gz --encoders FOLDER --work WORK --out MODEL

Started again, it goes on where it stopped: finished steps are left as they are, training goes on
from its last epoch. MODEL keeps what the steps do not make (the model card).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

# On Linux: let glibc keep freed memory and use huge pages. Without this the page faults of the
# large maps cost a quarter of the training's time.
ALLOCATOR = {
    'MALLOC_MMAP_MAX_': '0',
    'MALLOC_TRIM_THRESHOLD_': str(16 * 2**30),
    'MALLOC_TOP_PAD_': str(256 * 2**20),
    'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1',
}

Options = Sequence[object]


@dataclass(frozen=True)
class Recipe:
    """What differs between the shipped model and a smoke run."""

    sets: Sequence[str] = ('flickr8k', 'coco', 'coco2', 'things')
    shares: Sequence[float] = (1, 1, 1, 0.5)
    later_shares: Sequence[float] = (1, 1, 1, 0.25)
    described_shares: Sequence[float] = (1, 1, 1, 0)
    reading: Options = ('--steps', 2800)
    training: Options = ('--frozen-epochs', 1, '--epochs', 8)
    averaged: int = 3
    refining: Options = ('--epochs', 2)
    hardening: Options = (
        *('--hard', '--frozen-epochs', 0, '--epochs', 4, '--lr', 2e-4, '--backbone-lr', 6e-5),
        *('--dropout', 0.2),
    )
    finishing: Options = ('--hard', '--epochs', 3, '--sex-penalty', 0.9, '--augment', 1)
    calibration: int = 192


def run(module: str, *options: object) -> None:
    """Run a module of this folder; its failure ends everything."""
    print(f'--- {module}', flush=True)
    command = [sys.executable, '-m', module, *(str(option) for option in options)]
    subprocess.run(command, check=True, env={**os.environ, **ALLOCATOR}, cwd=HERE)


def run_for(result: Path, module: str, *options: object) -> None:
    """Run a module unless its result is there."""
    if not result.exists():
        run(module, *options)


def last(folder: Path, count: int) -> list[Path]:
    """The checkpoints of a run's last epochs."""
    return sorted(folder.glob('epoch*.pt'))[-count:]


def run_recipe(args: argparse.Namespace, recipe: Recipe) -> None:
    """Every step; see the README of this folder for what each does."""
    work: Path = args.work
    work.mkdir(parents=True, exist_ok=True)
    photos = ('--data', args.data, '--sets', *recipe.sets, '--work', work)
    class_words = work / 'class_words.json'
    sentences = ('--sentences', args.sentences)
    words = (*sentences, '--class-words', class_words)
    naming = ('--naming', args.naming) if args.naming else ()
    labels = ('--labels', args.encoders / 'imagenet_labels.txt')
    table = (*labels, *sentences, '--wordnet', args.wordnet, '--out', class_words)
    run_for(class_words, 'data.wordnet', *table)
    run('data.prepare', *photos)
    teacher = ('--weights', args.encoders / f'efficientnet_{args.teacher}.npz')
    told = work / 'teacher.npy'
    run_for(told, 'training.teacher', *photos, *teacher, '--encoder', args.teacher)

    encoder = ('--encoder', args.encoder)
    reader = work / 'words' / 'last.pt'
    reading = ('--name', 'words', *photos, *words, *encoder, *recipe.reading)
    run_for(reader, 'training.pretrain', *reading)
    weights = ('--weights', args.encoders / f'efficientnet_{args.encoder}.npz')
    read = (*photos, *words, *naming)

    def train(name: str, *options: object, shares: Sequence[float]) -> Path:
        run('training.train', '--name', name, *options, *read, '--shares', *shares)
        return work / name

    def refine(name: str, *options: object, shares: Sequence[float]) -> Path:
        run('training.refine', '--name', name, *options, *read, '--shares', *shares)
        return work / name

    def average(folder: Path, *checkpoints: Path, hint_scale: float = 1) -> Path:
        options = ('--out', folder / 'average.pt', '--hint-scale', hint_scale)
        run('training.average', *options, *checkpoints)
        return folder / 'average.pt'

    start = ('--decoder', reader, *weights)
    trained = train('trained', *start, *recipe.training, shares=recipe.shares)
    begun = average(trained, *last(trained, recipe.averaged))
    refined = refine('refined', '--start', begun, *recipe.refining, shares=recipe.shares)
    first = average(refined, begun, *last(refined, 2))
    # The same again from there, the hard way; then both together.
    hardened = train('hardened', '--start', first, *recipe.hardening, shares=recipe.later_shares)
    both = average(hardened, first, *last(hardened, 1))
    finished = refine(
        'finished', '--start', both, *recipe.finishing, shares=recipe.described_shares
    )
    final = average(finished, both, *last(finished, 3), hint_scale=1.3)

    run('export.parity', '--checkpoint', final)
    run('export.export', '--checkpoint', final, '--out', work / 'float')
    small = ('--float', work / 'float', '--out', args.out)
    run('export.quantise', *small, *photos, '--photos', recipe.calibration)
    assembling = ('--checkpoint', final, '--out', args.out, '--wordnet', args.wordnet)
    run('export.assemble', *assembling)
    metrics = ('--metrics', work / 'metrics.json')
    run('evaluation.evaluate_onnx', '--model', args.out, *photos, *naming, *metrics)
    run('export.assemble', *assembling, *metrics)


def main() -> None:
    """Run every step with the shipped model's settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sentences', type=Path, required=True, help='gzipped, one a line')
    parser.add_argument(
        '--encoders', type=Path, required=True, help='efficientnet_*.npz, imagenet_labels.txt'
    )
    parser.add_argument('--encoder', default='lite2')
    parser.add_argument('--teacher', default='lite3')
    parser.add_argument('--naming', type=Path, help='photos to check names on')
    parser.add_argument('--wordnet', type=Path, default=Path('/usr/share/wordnet'))
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    run_recipe(parser.parse_args(), Recipe())


if __name__ == '__main__':
    main()
