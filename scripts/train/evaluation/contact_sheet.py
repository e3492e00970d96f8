"""Draw photos with their captions on sheets, to look at them.

    python -m evaluation.contact_sheet --captions FILE --data DATA --out FOLDER [--every 10]

`captions.json` is what `evaluation.evaluate --out` or `evaluation.evaluate_onnx --out` wrote. The
sheets show photos of the training sets: keep them to yourself.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

CELL, TEXT, COLUMNS, ROWS = 224, 92, 6, 4


def sheet(entries: list[dict[str, object]], data: Path, first: int) -> Image.Image:
    """One sheet; under each photo its number, our caption and one of the people's."""
    page = Image.new('RGB', (COLUMNS * CELL, ROWS * (CELL + TEXT)), 'white')
    pen = ImageDraw.Draw(page)
    for i, entry in enumerate(entries):
        x, y = i % COLUMNS * CELL, i // COLUMNS * (CELL + TEXT)
        set_name, file = str(entry['file']).split('/')
        with Image.open(data / set_name / 'images' / file) as photo:
            page.paste(photo.convert('RGB').resize((CELL - 4, CELL - 4)), (x, y))
        lines = textwrap.wrap(f'{first + i}: {entry["caption"]}', 36)
        reference = textwrap.wrap(f'[{list(entry["references"])[0]}]', 36)[:3]
        pen.multiline_text((x + 2, y + CELL), '\n'.join([*lines[:3], *reference]), fill='black')
    return page


def main() -> None:
    """Draw every `--every`-th entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--captions', type=Path, required=True)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--every', type=int, default=10)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    entries = json.loads(args.captions.read_text())[:: args.every]
    for first in range(0, len(entries), COLUMNS * ROWS):
        page = sheet(entries[first : first + COLUMNS * ROWS], args.data, first)
        page.save(args.out / f'sheet{first // (COLUMNS * ROWS):02d}.png')


if __name__ == '__main__':
    main()
