"""Does a caption name the thing in the photo?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from data.photos import squash
from data.vocabulary import words_of


def read_naming(folder: Path) -> tuple[np.ndarray, list[list[str]]]:
    """Pixels [photos, 224, 224, 3] of `images/`, and the words that name each, of `naming.json`."""
    entries = json.loads((folder / 'naming.json').read_text())
    pixels = []
    for entry in entries:
        with Image.open(folder / 'images' / entry['file']) as image:
            pixels.append(squash(image))
    return np.stack(pixels), [entry['words'] for entry in entries]


def names_thing(caption: str, words: Sequence[str]) -> bool:
    """Whether one of the caption's words is one of the thing's."""
    return not set(words_of(caption)).isdisjoint(words)
