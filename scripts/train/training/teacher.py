"""What a larger ImageNet classifier says of every photo, for `train.py` to hold its own to.

    python -m training.teacher --data DATA --weights efficientnet_lite3.npz --work WORK

Writes WORK/teacher.npy: float16 log-probabilities [photos, 1000], the mean of each photo and its
mirror image, at the classifier's own 280x280.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from data.photos import add_set_arguments, read_photos, set_folders, to_pixel_values
from model.encoder import EfficientNetLite

SIZE = 280


def main() -> None:
    """Classify all photos."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    parser.add_argument('--weights', type=Path, required=True, help='with fc_weight and fc_bias')
    parser.add_argument('--encoder', default='lite3')
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--batch', type=int, default=16)
    args = parser.parse_args()
    out = args.work / 'teacher.npy'
    if out.exists():
        print(f'{out} is there')
        return
    args.work.mkdir(parents=True, exist_ok=True)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    arrays = dict(np.load(args.weights))
    network = EfficientNetLite(args.encoder).eval()
    network.load_pretrained(arrays)
    network = network.to(device).to(memory_format=torch.channels_last)
    weight = torch.from_numpy(arrays['fc_weight'].astype(np.float32)).to(device)
    bias = torch.from_numpy(arrays['fc_bias'].astype(np.float32)).to(device)
    folders = {folder.name: folder for folder in set_folders(args)}
    photos = read_photos(list(folders.values()))
    said = np.zeros((len(photos), len(bias)), dtype=np.float16)
    started = time.time()
    for first in range(0, len(photos), args.batch):
        pixels = []
        for photo in photos[first : first + args.batch]:
            with Image.open(folders[photo.set_name] / 'images' / photo.file) as image:
                pixels.append(
                    np.asarray(image.convert('RGB').resize((SIZE, SIZE), Image.Resampling.LANCZOS))
                )
        x = to_pixel_values(np.stack(pixels)).to(device)
        x = torch.cat((x, x.flip(-1))).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            pooled = network(x).float().mean(dim=(2, 3))
        probabilities = F.linear(pooled, weight, bias).softmax(-1).view(2, -1, len(bias)).mean(0)
        said[first : first + len(pixels)] = probabilities.clamp(min=1e-7).log().cpu().numpy()
        if first // args.batch % 100 == 99:
            print(f'{first / (time.time() - started):.0f} photos/s', flush=True)
    part = out.with_suffix('.part.npy')
    np.save(part, said)
    part.rename(out)


if __name__ == '__main__':
    main()
