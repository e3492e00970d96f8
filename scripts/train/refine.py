"""Self-critical sequence training on CIDEr-D, of the decoder alone or end to end.

    python refine.py --name lite-refined --start WORK/lite/epoch07.pt --data DATA --work WORK

Rennie et al., "Self-critical Sequence Training for Image Captioning" (CVPR 2017); the baseline of
a sample is the mean reward of the photo's other samples (Luo, "A Better Variant of Self-Critical
Sequence Training", 2020). Every step draws fresh views of its photos: with so few epochs a cache
of feature maps would not pay for itself.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cider import CiderD
from concepts import SentenceSource, concept_targets, read_sentences
from dataset import Photo, augment, encode_captions, prepare_pixels, read_photos, to_pixel_values
from dropout import seed_dropout
from evaluate import caption_photos, score_set
from losses import caption_loss, concept_loss, sentence_loss, update_ema
from model import Captioner, load_captioner
from steadiness import anchor_log_probs, distance_from, disturbed, unsteadiness
from train import parameter_groups
from vocabulary import Vocabulary

# Words that good captions say more than once.
FUNCTION_WORDS = (
    'a an the and or of in on at to by with from for into onto over near next up down is are his '
    'her their its it that while as other another one two behind front'
)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--name', required=True, help='folder of this run under --work')
    parser.add_argument('--start', type=Path, required=True, help='checkpoint to go on from')
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument(
        '--shares', nargs='+', type=float, help="of each set's photos in an epoch; default all"
    )
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--steps', type=int, help='end here, in the middle of an epoch')
    parser.add_argument('--augment', type=float, default=0.8, help='strength')
    parser.add_argument(
        '--hard', action='store_true', help='harder views, and part of the memory missing'
    )
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--samples', type=int, default=5, help='captions drawn for each photo')
    parser.add_argument('--lr', type=float, default=5e-5)
    parser.add_argument('--backbone-lr', type=float, default=1e-5, help='0: encoder frozen')
    parser.add_argument(
        '--frozen-layers', type=int, default=11, help='first convolutions never trained'
    )
    parser.add_argument('--depthwise', action='store_true', help='train these kernels, too')
    parser.add_argument('--weight-decay', type=float, default=0.0)
    parser.add_argument('--cross-entropy', type=float, default=0.1, help='share of the plain loss')
    parser.add_argument('--concept-share', type=float, default=0.01, help='weight of that loss')
    parser.add_argument('--sentences', type=Path, help='go on with sentences beside the photos')
    parser.add_argument('--sentence-batch', type=int, default=32, help='sentences a step')
    parser.add_argument('--sentence-share', type=float, default=0.05, help='weight of that loss')
    parser.add_argument('--anchor', type=Path, help='checkpoint to stay near of; needs --steady')
    parser.add_argument('--anchor-share', type=float, default=1.0, help='weight of the way from it')
    parser.add_argument(
        '--steady', type=float, default=0.0, help='weight of what a disturbed view changes'
    )
    parser.add_argument('--repeat-penalty', type=float, default=0.3, help='reward lost a repeat')
    parser.add_argument('--ema', type=float, default=0.995)
    parser.add_argument('--val-photos', type=int, default=300)
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    if args.anchor and not args.steady:
        parser.error('--anchor is of use with --steady only')
    if args.shares is None:
        args.shares = [1.0] * len(args.sets)
    if len(args.shares) != len(args.sets) or not all(0 < share <= 1 for share in args.shares):
        parser.error('--shares needs a number above 0, and up to 1, for each of --sets')
    return args


# With `--steady`, photos that are shown as they are: cutting and turning blurs what is disturbed.
PLAIN = 0.4


def views_of(
    pixels: np.ndarray,
    photos: Sequence[Photo],
    generator: torch.Generator,
    args: argparse.Namespace,
) -> Tensor:
    """Pixel values [photos, 3, 224, 224] of an augmented view of each photo.

    With `--steady` twice as many: after the views, the same ones disturbed.
    """
    pixel_values = to_pixel_values(pixels[[photo.row for photo in photos]])
    may_flip = torch.tensor([photo.may_flip for photo in photos])
    views = augment(pixel_values, may_flip, generator, args.augment, args.hard)
    if not args.steady:
        return views
    plain = torch.rand(len(photos), 1, 1, 1, generator=generator) < PLAIN
    views = torch.where(plain, pixel_values, views)
    return torch.cat((views, disturbed(views, generator)))


def word_rows(real: Tensor) -> tuple[Tensor, Tensor]:
    """Places in the flattened captions [rows, length] where words are, and 1 for each.

    Filled up with words that count 0 to a multiple of 256: every new matrix shape costs oneDNN a
    new kernel.
    """
    places = real.flatten().nonzero()[:, 0]
    short = -len(places) % 256
    return F.pad(places, (0, short)), F.pad(torch.ones_like(places), (0, short)).float()


@torch.no_grad()
def sample(model: Captioner, memory: Tensor, samples: int, max_length: int) -> Tensor:
    """Draw captions from the model: [photos * samples, max_length + 1] ids, bos first, padded."""
    rows = memory.shape[0] * samples
    cross, past = model.cross(memory), model.empty_past(rows)
    captions = torch.zeros(rows, max_length + 1, dtype=torch.long, device=memory.device)
    captions[:, 0] = Vocabulary.bos
    running = torch.ones(rows, dtype=torch.bool, device=memory.device)
    for i in range(max_length):
        logits, past, _ = model.step(captions[:, i : i + 1], past, cross)
        logits = logits.float()
        logits[:, [Vocabulary.pad, Vocabulary.bos, Vocabulary.unk]] = -torch.inf
        cumulative = logits.softmax(dim=-1).cumsum(dim=-1)
        # Scaled by the last sum, rounding cannot push the draw past the last word.
        draw = torch.rand(rows, 1, device=memory.device) * cumulative[:, -1:] * (1 - 1e-6)
        words = torch.searchsorted(cumulative, draw, right=True)[:, 0]
        captions[:, i + 1] = torch.where(running, words, Vocabulary.pad)
        running &= words != Vocabulary.eos
        if not running.any():
            break
    return captions


def repeats(tokens: Sequence[int], may_repeat: frozenset[int]) -> int:
    """Words said again, like the second of "a sink and a sink", and function words doubled."""
    telling = [token for token in tokens if token not in may_repeat]
    doubled = sum(a == b and a in may_repeat for a, b in zip(tokens, tokens[1:]))
    return len(telling) - len(set(telling)) + doubled


class RewardBySet:
    """CIDEr-D with the n-gram counts of the photo's own set, as evaluation scores each set."""

    def __init__(self, photos: Sequence[Photo], vocabulary: Vocabulary) -> None:
        """photos: those that captions will be scored for, by their places in this list."""
        self.sets: dict[str, CiderD] = {}
        self.places: dict[int, tuple[str, int]] = {}
        for name in dict.fromkeys(photo.set_name for photo in photos):
            rows = [row for row, photo in enumerate(photos) if photo.set_name == name]
            self.places.update({row: (name, place) for place, row in enumerate(rows)})
            self.sets[name] = CiderD(
                [
                    [[*vocabulary.encode(c), vocabulary.eos] for c in photos[row].captions]
                    for row in rows
                ]
            )

    def score(self, row: int, tokens: Sequence[int]) -> float:
        """Of a caption of the photo at `row`."""
        name, place = self.places[row]
        return self.sets[name].score(place, tokens)


def rewards_of(
    captions: Tensor,
    rows: Sequence[int],
    cider: RewardBySet,
    samples: int,
    penalty: float,
    may_repeat: frozenset[int],
) -> Tensor:
    """Reward of every drawn caption, [photos, samples]."""
    values = []
    for i, drawn in enumerate(captions[:, 1:].tolist()):
        tokens = drawn[: drawn.index(Vocabulary.pad)] if Vocabulary.pad in drawn else drawn
        values.append(
            cider.score(rows[i // samples], tokens) - penalty * repeats(tokens, may_repeat)
        )
    return torch.tensor(values).view(-1, samples)


def main() -> None:
    """Run the refinement."""
    args = arguments()
    folder = args.work / args.name
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    sets = [args.data / name for name in args.sets]
    photos = read_photos(sets)
    pixels = prepare_pixels(sets, photos, args.work / 'pixels.npy')
    train = [photo for photo in photos if photo.split == 'train']
    vocabulary = Vocabulary.load(args.start.parent / 'vocabulary.txt')
    vocabulary.save(folder / 'vocabulary.txt')
    model = load_captioner(args.start, args.frozen_layers, args.hard)
    model = model.to(device).to(memory_format=torch.channels_last)
    averaged = load_captioner(args.start).to(device).to(memory_format=torch.channels_last)
    anchor = None
    if args.anchor:
        anchor = load_captioner(args.anchor).to(device).to(memory_format=torch.channels_last)
    groups = parameter_groups(model, args)
    if args.backbone_lr == 0:
        groups = [group for group in groups if not group['backbone']]
    parameters = [parameter for group in groups for parameter in group['params']]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    ema = {name: value.clone() for name, value in model.state_dict().items()}
    epoch, step = 0, 0
    last = folder / 'last.pt'
    if last.exists():
        saved = torch.load(last, map_location=device, weights_only=True)
        model.load_state_dict(saved['model'])
        optimizer.load_state_dict(saved['optimizer'])
        ema, epoch, step = saved['ema'], saved['epoch'], saved['step']
    torch.manual_seed(args.seed + epoch)
    seed_dropout(args.seed + epoch)
    rng = np.random.default_rng(args.seed + epoch)
    generator = torch.Generator().manual_seed(args.seed + epoch)

    cider = RewardBySet(train, vocabulary)
    may_repeat = frozenset(vocabulary.encode(FUNCTION_WORDS))
    named = concept_targets(train, vocabulary, model.config.concepts)
    sentences = None
    if args.sentences is not None:
        read = read_sentences(args.sentences, vocabulary, model.config.max_length - 2)
        source = SentenceSource(read, model.config, args.seed + epoch)
        sentences = source.batches(args.sentence_batch)
    rows_of = [
        np.array([i for i, p in enumerate(train) if p.set_name == name], dtype=np.int64)
        for name in args.sets
    ]
    counts = [int(len(rows) * share) for rows, share in zip(rows_of, args.shares)]
    steps_per_epoch = sum(counts) // args.batch
    if steps_per_epoch == 0:
        raise SystemExit(f'{sum(counts)} photos an epoch are less than one batch')
    steps = args.steps or steps_per_epoch * args.epochs
    while step < steps:
        started = time.time()
        total_reward, total_away, taken, unsteady = 0.0, 0.0, 0, [0.0, 0.0, 0.0]
        shown = [rng.permutation(rows)[:count] for rows, count in zip(rows_of, counts)]
        order = rng.permutation(np.concatenate(shown))
        for first in range(0, steps_per_epoch * args.batch, args.batch):
            if step == steps:
                break
            rows = order[first : first + args.batch].tolist()
            rate = min(1.0, (step + 1) / 50) * (0.05 + 0.95 * (1 - step / steps))
            for group in optimizer.param_groups:
                group['lr'] = group['peak'] * rate
            batch = [train[row] for row in rows]
            pixel_values = views_of(pixels, batch, generator, args)
            pixel_values = pixel_values.to(device).contiguous(memory_format=torch.channels_last)
            # What is drawn and what is learned must be one distribution: no dropout in the decoder,
            # and what is missing of the memory is the same for both.
            model.eval()
            for part in (model.backbone, model.concepts, model.missing_cells):
                part.train()
            with torch.autocast(device.type, torch.bfloat16):
                with torch.set_grad_enabled(args.backbone_lr > 0):
                    features = model.backbone(pixel_values)
                memory, concept_logits = model.look(features)
            views = len(memory) // len(batch)
            # Contexts of their own: autocast would reuse weights cast without gradients.
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                drawn = sample(
                    model, memory[: len(batch)], args.samples, model.config.max_length - 2
                )
            rewards = rewards_of(drawn, rows, cider, args.samples, args.repeat_penalty, may_repeat)
            others = (rewards.sum(1, keepdim=True) - rewards) / (args.samples - 1)
            advantage = (rewards - others).flatten().to(device)
            drawn = drawn[:, : int((drawn != 0).sum(dim=1).max())]
            with torch.autocast(device.type, torch.bfloat16):
                hidden = model.hidden(drawn[:, :-1].repeat(views, 1), model.cross(memory))
                targets = drawn[:, 1:]
                words, real = word_rows(targets != Vocabulary.pad)
                logits = model.logits(hidden.view(views, -1, hidden.shape[-1])[:, words]).float()
                log_probs = logits.log_softmax(-1)
                said = targets.flatten()[words].expand(views, -1).unsqueeze(-1)
                worth = advantage[words // targets.shape[1]] * real
                loss = -(worth * log_probs.gather(-1, said)[..., 0]).sum() / (views * real.sum())
                telling = concept_loss(concept_logits, named[rows].repeat(views, 1).to(device))
                loss = loss + args.concept_share * telling
                if args.steady:
                    changed, parts = unsteadiness(model, features, log_probs, real)
                    loss = loss + args.steady * changed
                    unsteady = [old + new.item() for old, new in zip(unsteady, parts)]
                    if anchor is not None:
                        undisturbed = pixel_values[: len(batch)]
                        wanted = anchor_log_probs(anchor, undisturbed, drawn, words)
                        away = distance_from(wanted, log_probs, real)
                        loss = loss + args.anchor_share * away
                        total_away += away.item()
                model.train()
                if args.cross_entropy > 0:
                    captions = np.stack(
                        [
                            encode_captions(photo, vocabulary, model.config.max_length, 1, rng)
                            for photo in batch
                        ]
                    )
                    captions = torch.from_numpy(captions).to(device)
                    loss = loss + args.cross_entropy * caption_loss(
                        model, model.memory(features[: len(batch)]), captions, 0.1
                    )
                if sentences is not None:
                    read = tuple(part.to(device) for part in next(sentences))
                    loss = loss + args.sentence_share * sentence_loss(model, read, 0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            update_ema(ema, model, min(args.ema, (1 + step) / (10 + step)))
            total_reward += rewards.mean().item()
            step, taken = step + 1, taken + 1
            if step % 25 == 0:
                speed = taken * args.batch / (time.time() - started)
                mean = total_reward / taken
                progress = f'  step {step} reward {mean:.4f} {speed:.0f} photos/s'
                if args.steady:
                    parts = ' '.join(f'{value / taken:.5f}' for value in unsteady)
                    progress += f', changed {parts}, away {total_away / taken:.4f}'
                print(progress, flush=True)
                if not math.isfinite(mean):
                    raise SystemExit('the reward is not finite')
        epoch += 1
        torch.save(
            {
                'config': model.config.to_dict(),
                'model': model.state_dict(),
                'ema': ema,
                'optimizer': optimizer.state_dict(),
                'epoch': epoch,
                'step': step,
            },
            last.with_suffix('.part'),
        )
        last.with_suffix('.part').rename(last)
        slim = {'config': model.config.to_dict(), 'ema': ema, 'epoch': epoch}
        torch.save(slim, folder / f'epoch{epoch:02d}.pt')
        trained = time.time() - started
        averaged.load_state_dict(ema)
        line: dict[str, object] = {
            'epoch': epoch,
            'step': step,
            'reward': round(total_reward / max(1, taken), 4),
            'seconds': round(trained),
        }
        for name in args.sets:
            val = [p for p in photos if p.split == 'val' and p.set_name == name]
            val = val[: args.val_photos]
            made = caption_photos(averaged, vocabulary, pixels, val, device)
            scores = score_set(made, val)
            line[name] = {k: round(scores[k], 3) for k in ('bleu4', 'ciderD', 'distinct')}
        print(json.dumps(line), flush=True)
        with (folder / 'log.jsonl').open('a') as log:
            log.write(json.dumps(line) + '\n')


if __name__ == '__main__':
    main()
