"""Decode every photo once into WORK/pixels.npy: python prepare.py --data DATA --work WORK"""

from __future__ import annotations

import argparse
from pathlib import Path

from dataset import prepare_pixels, read_photos


def main() -> None:
    """Prepare the pixels; a complete file is left as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--work', type=Path, required=True)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    folders = [args.data / name for name in args.sets]
    pixels = prepare_pixels(folders, read_photos(folders), args.work / 'pixels.npy')
    print(f'{len(pixels)} photos, {pixels.nbytes / 1e6:.0f} MB')


if __name__ == '__main__':
    main()
