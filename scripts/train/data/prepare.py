"""Decode every photo once into WORK/pixels.npy: python -m data.prepare --data DATA --work WORK"""

from __future__ import annotations

import argparse
from pathlib import Path

from data.photos import add_set_arguments, prepare_pixels, read_photos, set_folders


def main() -> None:
    """Prepare the pixels; a complete file is left as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    parser.add_argument('--work', type=Path, required=True)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    folders = set_folders(args)
    pixels = prepare_pixels(folders, read_photos(folders), args.work / 'pixels.npy')
    print(f'{len(pixels)} photos, {pixels.nbytes / 1e6:.0f} MB')


if __name__ == '__main__':
    main()
