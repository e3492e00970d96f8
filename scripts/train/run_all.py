"""Every step from photos to a finished model folder.

    python run_all.py --data DATA --weights efficientnet_lite0.npz --work WORK --out FOLDER

Each step is a script of its own that can be run again alone; training steps go on from their last
checkpoint. FOLDER keeps what the scripts do not make (the model card).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
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


def run(script: str, *options: object) -> None:
    """Run a script of this folder; its failure ends everything."""
    print(f'--- {script}', flush=True)
    environment = {**os.environ, **ALLOCATOR, 'PYTHONPATH': str(HERE)}
    command = [sys.executable, str(HERE / script), *(str(option) for option in options)]
    subprocess.run(command, check=True, env=environment)


def last(folder: Path, count: int) -> list[Path]:
    """The checkpoints of a run's last epochs."""
    return sorted(folder.glob('epoch*.pt'))[-count:]


def main() -> None:
    """Run every step with the shipped model's settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--weights', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--sentences', type=Path, help='gzipped sentences without photos')
    args = parser.parse_args()
    photos = ('--data', args.data, '--work', args.work)
    words = ('--sentences', args.sentences) if args.sentences else ()

    def folder(name: str) -> Path:
        return args.work / f'lite{name}'

    run('prepare.py', *photos)
    run('pretrain.py', '--name', 'lite-words', *photos, *words)
    # Two networks from the same decoder, trained in two ways, and each refined a little.
    for way, options in (('', ()), ('-hard', ('--hard',))):
        training = ('--name', f'lite{way}', '--weights', args.weights, *options)
        run('train.py', *training, '--decoder', folder('-words') / 'last.pt', *photos, *words)
        trained = folder(way) / 'average.pt'
        run('average.py', '--out', trained, *last(folder(way), 3))
        refining = ('--name', f'lite{way}-refined', '--start', trained, '--epochs', 2, *options)
        run('refine.py', *refining, *photos, *words)
    # Their average is better than each of them, and refined once more what ships.
    ends = [*last(folder('-refined'), 1), *last(folder('-hard-refined'), 1)]
    mixed, average = folder('-mixed') / 'average.pt', folder('-average') / 'average.pt'
    run('average.py', '--out', mixed, folder('') / 'average.pt', *ends)
    refining = ('--name', 'lite-mixed-refined', '--start', mixed, '--epochs', 5, '--lr', 6e-5)
    run('refine.py', *refining, '--hard', *photos, *words)
    run('average.py', '--out', average, mixed, ends[0], *last(folder('-mixed-refined'), 2))
    # And at half the rate; the average that it starts from counts twice, for a half of the whole.
    refining = ('--name', 'lite-final', '--start', average, '--epochs', 2, '--lr', 3e-5)
    run('refine.py', *refining, '--backbone-lr', 5e-6, '--hard', *photos, *words)
    final = folder('-final') / 'average.pt'
    run('average.py', '--out', final, average, average, *last(folder('-final'), 2))
    # Steadier, without moving far from that.
    steadying = ('--steady', 2, '--anchor', final, '--anchor-share', 2, '--depthwise')
    refining = ('--name', 'lite-steady', '--start', final, '--epochs', 5, '--lr', 4e-5)
    rates = ('--backbone-lr', 4e-5, '--frozen-layers', 0, '--samples', 4)
    run('refine.py', *refining, *rates, *steadying, *photos, *words)
    steady, solved = folder('-steady') / 'average.pt', folder('-solved') / 'kernels.pt'
    run('average.py', '--out', steady, *last(folder('-steady'), 3))
    # Steadier still: half way to kernels that are solved for it, and refined from there.
    run('steady_kernels.py', '--start', steady, '--out', solved, *photos)
    half, refined = folder('-solved') / 'average.pt', folder('-steadier')
    run('average.py', '--out', half, solved, steady)
    refining = ('--name', 'lite-steadier', '--start', half, '--epochs', 3, '--steady', 3)
    run('refine.py', *refining, '--frozen-layers', 17, '--shares', 1, 0.33, *photos, *words)
    run('average.py', '--out', refined / 'refined.pt', *last(refined, 3))
    # What CIDEr-D the steadiness has cost comes back in the average with the networks before it.
    parts = (*[refined / 'refined.pt'] * 2, steady, *last(folder('-steady'), 1))
    run('average.py', '--out', refined / 'average.pt', *parts)
    run('evaluate.py', '--checkpoint', refined / 'average.pt', *photos)
    run('export.py', '--checkpoint', refined / 'average.pt', '--out', args.work / 'float')
    run('parity.py', '--checkpoint', refined / 'average.pt')
    run('quantise.py', '--float', args.work / 'float', '--out', args.out, *photos)
    vocabulary, metrics = refined / 'vocabulary.txt', args.work / 'metrics.json'
    run('assemble.py', '--vocabulary', vocabulary, '--out', args.out)
    run('evaluate_onnx.py', '--model', args.out, *photos, '--metrics', metrics)
    run('assemble.py', '--vocabulary', vocabulary, '--out', args.out, '--metrics', metrics)


if __name__ == '__main__':
    main()
