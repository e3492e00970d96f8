"""Photos and captions: read once into one memory-mapped array, augment on the fly."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from data.vocabulary import Vocabulary, words_of

SIZE = 224
SIDE_WORDS = frozenset({'left', 'right', 'leftmost', 'rightmost', 'text', 'sign', 'letters'})


@dataclass(frozen=True)
class Photo:
    """One labelled photo; `row` is its place in the pixel array."""

    set_name: str
    file: str
    split: str
    captions: tuple[str, ...]
    row: int
    described: bool = True
    """Whether people wrote the captions; if not, they only tell what the thing is called."""

    @property
    def may_flip(self) -> bool:
        """A mirrored photo keeps its captions unless one speaks of sides or of writing."""
        return not any(SIDE_WORDS & set(words_of(caption)) for caption in self.captions)


# Words for people by sex, and what is said of a person of whom captions do not agree.
MALE = {
    'man': 'person',
    'men': 'people',
    'boy': 'child',
    'boys': 'children',
    'guy': 'person',
    'guys': 'people',
    'gentleman': 'person',
    'his': 'their',
    'he': 'they',
    'him': 'them',
    'himself': 'themselves',
    'male': 'person',
    'males': 'people',
}
FEMALE = {
    'woman': 'person',
    'women': 'people',
    'girl': 'child',
    'girls': 'children',
    'lady': 'person',
    'ladies': 'people',
    'her': 'their',
    'she': 'they',
    'herself': 'themselves',
    'female': 'person',
    'females': 'people',
}


def neutral(captions: Sequence[str]) -> tuple[str, ...]:
    """The captions; of one person whom some call a man and some a woman, without either."""
    words = [words_of(caption) for caption in captions]
    male = [any(word in MALE for word in caption) for caption in words]
    female = [any(word in FEMALE for word in caption) for caption in words]
    # A caption that names both sees two people; captions that name one each disagree on one.
    if any(m and f for m, f in zip(male, female)) or not (any(male) and any(female)):
        return tuple(captions)
    either = MALE | FEMALE
    return tuple(' '.join(either.get(word, word) for word in caption) for caption in words)


SETS = ('flickr8k', 'coco', 'coco2', 'things')


def add_set_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data` and `--sets`, as every script takes them."""
    parser.add_argument(
        '--data', type=Path, required=True, help='folder with a folder for each set'
    )
    parser.add_argument('--sets', nargs='+', default=list(SETS))


def set_folders(args: argparse.Namespace) -> list[Path]:
    """Folders of the sets that were asked for."""
    return [args.data / name for name in args.sets]


def read_photos(folders: list[Path]) -> list[Photo]:
    """The photos of each set folder; rows follow the order of the lists.

    A set is `images/` and a `captions.json`, a list of `file`, `split`, `captions`; or a
    `things.json`, a list of `file`, `label`, `words`: photos of one thing with its names
    and no sentence.
    """
    photos: list[Photo] = []
    for folder in folders:
        captioned = folder / 'captions.json'
        if captioned.exists():
            for entry in json.loads(captioned.read_text()):
                captions = tuple(c for c in entry['captions'] if words_of(c))
                photo = Photo(folder.name, entry['file'], entry['split'], captions, len(photos))
                photos.append(photo)
        else:
            for entry in json.loads((folder / 'things.json').read_text()):
                captions = things_captions(entry['words'])
                row = len(photos)
                photo = Photo(folder.name, entry['file'], 'train', captions, row, False)
                photos.append(photo)
    return photos


# What people say of a photo of one thing, as far as it holds for any.
THING_CAPTIONS = (
    'a close up of {}',
    'a picture of {}',
    '{} is shown',
    '{} on a white background',
    'there is {} in this picture',
)


def things_captions(words: Sequence[str]) -> tuple[str, ...]:
    """Captions of a photo that shows one thing, with each of its names in turn."""
    return tuple(
        template.format(with_article(words[i % len(words)]))
        for i, template in enumerate(THING_CAPTIONS)
    )


PLURALS = frozenset({'scissors', 'binoculars', 'headphones', 'skates', 'candles', 'strawberries'})


def with_article(word: str) -> str:
    """ "a cup", "an ant", "scissors"."""
    if word in PLURALS or word in ('money', 'food', 'furniture', 'soccer', 'fruit'):
        return word
    return f'an {word}' if word[0] in 'aeiou' else f'a {word}'


def squash(image: Image.Image) -> np.ndarray:
    """The whole photo as [224, 224, 3] uint8: Lanczos with antialiasing, proportions dropped."""
    resized = image.convert('RGB').resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def prepare_pixels(folders: list[Path], photos: list[Photo], path: Path) -> np.ndarray:
    """Decode every photo once into a [photos, 224, 224, 3] uint8 memory map at `path`.

    An existing complete file is reused as it stands.
    """
    shape = (len(photos), SIZE, SIZE, 3)
    if not path.exists():
        by_name = {folder.name: folder for folder in folders}
        part = path.with_suffix('.part')
        pixels = np.lib.format.open_memmap(part, mode='w+', dtype=np.uint8, shape=shape)
        for photo in photos:
            with Image.open(by_name[photo.set_name] / 'images' / photo.file) as image:
                pixels[photo.row] = squash(image)
        pixels.flush()
        part.rename(path)
    pixels = np.load(path, mmap_mode='r')
    if pixels.shape != shape:
        raise ValueError(f'{path} holds {pixels.shape}, these sets need {shape}: delete it')
    return pixels


def to_pixel_values(pixels: np.ndarray) -> Tensor:
    """[batch, h, w, 3] uint8 to [batch, 3, h, w] float32 (channels last): (x - 127) / 128.

    The scale that the released EfficientNet-Lite2 and 3 were trained with.
    """
    # A copy: the memory map is read-only, and PyTorch warns of that.
    batch = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    return batch.float().sub_(127.0).div_(128.0)


def augment(
    pixel_values: Tensor,
    may_flip: Tensor,
    generator: torch.Generator,
    strength: float = 1.0,
    hard: bool = False,
) -> Tensor:
    """Random flip, crop with change of shape, rotation, colour, softness and grain, per photo.

    pixel_values: [batch, 3, 224, 224] in -1..1; may_flip: [batch] bool. Crops keep 60 to 100 % of
    the area at strength 1, so that what the captions name mostly stays in the picture. With `hard`
    50 to 100 %, a tint, and a grey rectangle over a part of the view of every other photo.
    """
    n = pixel_values.shape[0]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    area = uniform(1.0 - (0.5 if hard else 0.4) * strength, 1.0)
    aspect = torch.exp(uniform(-0.29, 0.29) * strength)
    width = (area * aspect).sqrt().clamp(max=1.0)
    height = (area / aspect).sqrt().clamp(max=1.0)
    centre_x = uniform(-1, 1) * (1 - width)
    centre_y = uniform(-1, 1) * (1 - height)
    angle = uniform(-0.09, 0.09) * strength
    mirrored = torch.where(may_flip & (uniform(0, 1) < 0.5), -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = width * mirrored * angle.cos()
    theta[:, 0, 1] = -height * angle.sin()
    theta[:, 0, 2] = centre_x
    theta[:, 1, 0] = width * mirrored * angle.sin()
    theta[:, 1, 1] = height * angle.cos()
    theta[:, 1, 2] = centre_y
    grid = F.affine_grid(theta, [n, 3, SIZE, SIZE], align_corners=False)
    out = F.grid_sample(pixel_values, grid, padding_mode='reflection', align_corners=False)

    per_photo = (n, 1, 1, 1)
    brightness = uniform(-0.2, 0.2).mul(strength).view(per_photo)
    contrast = (1 + uniform(-0.25, 0.25) * strength).view(per_photo)
    saturation = (1 + uniform(-0.25, 0.25) * strength).view(per_photo)
    grey = out.mean(dim=1, keepdim=True)
    out = grey + (out - grey) * saturation
    # Softer or sharper, as another resize filter would leave it, and with the grain of a camera or
    # of JPEG: neither should change a caption.
    softness = uniform(-0.8, 0.6).mul(strength).view(per_photo)
    out = out.lerp(F.avg_pool2d(out, 3, 1, 1, count_include_pad=False), softness)
    if hard:
        out = out.add_((torch.rand(n, 3, 1, 1, generator=generator) - 0.5).mul(0.2 * strength))
    grain = uniform(0.0, 0.06).mul(strength).view(per_photo)
    noise = torch.randint(-127, 128, out.shape, dtype=torch.int8, generator=generator)
    out = out.add_(noise.mul(grain / 127))
    out = out.mul_(contrast).add_(brightness).clamp_(-1.0, 1.0)
    return out.masked_fill_(rectangles(n, generator, 0.5 * strength), 0.0) if hard else out


def rectangles(n: int, generator: torch.Generator, share: float) -> Tensor:
    """A mask [n, 1, 224, 224] of one rectangle in about `share` of the photos.

    Zhong et al., "Random Erasing Data Augmentation" (AAAI 2020).
    """
    height, width, y, x = torch.rand(4, n, 1, generator=generator)
    drawn = torch.rand(n, 1, generator=generator) < share
    height, width = 0.15 + 0.35 * height, 0.15 + 0.35 * width
    places = torch.linspace(0, 1, SIZE)
    top, left = y * (1 - height), x * (1 - width)
    rows = (places >= top) & (places < top + height) & drawn
    columns = (places >= left) & (places < left + width)
    return (rows.unsqueeze(2) & columns.unsqueeze(1)).unsqueeze(1)


def encode_captions(
    photo: Photo,
    vocabulary: Vocabulary,
    max_length: int,
    count: int,
    rng: np.random.Generator,
    about: int | None = None,
) -> np.ndarray:
    """`count` of the photo's captions as [count, max_length + 1] ids: bos, words, eos, padding.

    about: a word's id; captions that say it are taken, as far as there are any.
    """
    encoded = [vocabulary.encode(caption)[: max_length - 1] for caption in photo.captions]
    if about is not None:
        encoded = [ids for ids in encoded if about in ids] or encoded
    picks = rng.permutation(len(encoded))
    rows = np.zeros((count, max_length + 1), dtype=np.int64)
    for i, row in enumerate(rows):
        ids = encoded[picks[i % len(picks)]]
        row[: len(ids) + 2] = [vocabulary.bos, *ids, vocabulary.eos]
    return rows
