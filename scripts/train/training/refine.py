"""Self-critical sequence training on CIDEr-D, names and sexes, end to end.

    python -m training.refine --name NAME --start FILE.pt --data DATA --work WORK …

Rennie et al., "Self-critical Sequence Training for Image Captioning" (CVPR 2017); the baseline of
a sample is the mean reward of the photo's other samples (Luo, "A Better Variant of Self-Critical
Sequence Training", 2020).
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from data.photos import FEMALE, MALE, Photo
from data.vocabulary import Vocabulary, words_of
from model.captioner import Captioner, load_captioner
from model.dropout import seed_dropout
from training.batches import BatchMaker
from training.checkpoint import RunFolder
from training.cider import CiderD
from training.losses import caption_loss, concept_loss, head_loss, sentence_loss, update_ema
from training.material import add_run_arguments, epoch_order, read_material
from training.train import parameter_groups

# Words that good captions say more than once.
FUNCTION_WORDS = (
    'a an the and or of in on at to by with from for into onto over near next up down is are his '
    'her their its it that while as other another one two behind front'
)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--start', type=Path, required=True, help='checkpoint to go on from')
    add_run_arguments(parser)
    parser.add_argument('--epochs', type=int, default=2)
    parser.add_argument('--steps', type=int, help='end here, in the middle of an epoch')
    parser.add_argument('--augment', type=float, default=0.8, help='strength')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--samples', type=int, default=5, help='captions drawn for each photo')
    parser.add_argument('--lr', type=float, default=5e-5)
    parser.add_argument('--backbone-lr', type=float, default=1e-5, help='0: encoder frozen')
    parser.add_argument('--weight-decay', type=float, default=0.0)
    parser.add_argument('--cross-entropy', type=float, default=0.1, help='share of the plain loss')
    parser.add_argument('--concept-share', type=float, default=0.01, help='weight of that loss')
    parser.add_argument('--head-share', type=float, default=0.1, help='weight of that loss')
    parser.add_argument('--sentence-batch', type=int, default=32, help='sentences a step')
    parser.add_argument('--sentence-share', type=float, default=0.05, help='weight of that loss')
    parser.add_argument('--repeat-penalty', type=float, default=0.3, help='reward lost a repeat')
    parser.add_argument('--forced', type=float, default=0.35, help='photos with a forced hint')
    parser.add_argument('--damped', type=float, default=0.25, help='photos with damped hints')
    parser.add_argument('--name-reward', type=float, default=0.3, help='for a forced word said')
    parser.add_argument('--sex-penalty', type=float, default=0.6, help='for the wrong sex')
    parser.add_argument('--ema', type=float, default=0.995)
    return parser.parse_args()


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


class Sexes:
    """What captions say of the sex of the people in a photo."""

    def __init__(self, photos: Sequence[Photo], vocabulary: Vocabulary) -> None:
        """photos: those that captions will be judged for, by their places in this list."""
        self.male = frozenset(vocabulary.ids[w] for w in MALE if w in vocabulary.ids)
        self.female = frozenset(vocabulary.ids[w] for w in FEMALE if w in vocabulary.ids)
        self.wrong: list[frozenset[int]] = []
        for photo in photos:
            said = {word for caption in photo.captions for word in words_of(caption)}
            male, female = not said.isdisjoint(MALE), not said.isdisjoint(FEMALE)
            both = self.male | self.female
            self.wrong.append(
                frozenset()
                if male and female
                else self.female
                if male
                else self.male
                if female
                else both
            )

    def guessed_wrong(self, row: int, tokens: Sequence[int]) -> bool:
        """Whether the caption says a sex that no caption of the photo at `row` does."""
        return not self.wrong[row].isdisjoint(tokens)


def main() -> None:
    """Run the refinement."""
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    folder = RunFolder(args.work / args.name)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    vocabulary = Vocabulary.load(args.start.parent / 'vocabulary.txt')
    vocabulary.save(folder.folder / 'vocabulary.txt')
    model = load_captioner(args.start, args.frozen_layers)
    config = model.config
    model = model.to(device).to(memory_format=torch.channels_last)
    averaged = load_captioner(args.start).to(device).to(memory_format=torch.channels_last)
    groups = parameter_groups(model, args)
    parameters = [parameter for group in groups for parameter in group['params']]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    ema = {name: value.clone() for name, value in model.state_dict().items()}
    epoch, step = folder.resume(model, optimizer, ema, device)
    torch.manual_seed(args.seed + epoch)
    seed_dropout(args.seed + epoch)
    seed = args.seed + epoch
    material = read_material(args, model, vocabulary, seed, args.forced, args.damped)
    cider = RewardBySet(material.told, vocabulary)
    sexes = Sexes(material.train, vocabulary)
    may_repeat = frozenset(vocabulary.encode(FUNCTION_WORDS))
    seed = args.seed + 100 * epoch
    maker = BatchMaker(
        material.pixels, material.train, model.backbone, args.augment, seed, args.hard
    )

    def reward(drawn: list[int], row: int, forced: int | None) -> float:
        tokens = drawn[: drawn.index(Vocabulary.pad)] if Vocabulary.pad in drawn else drawn
        value = cider.score(row, tokens) - args.repeat_penalty * repeats(tokens, may_repeat)
        value -= args.sex_penalty * sexes.guessed_wrong(row, tokens)
        return value + args.name_reward * (forced is not None and forced in tokens)

    steps_per_epoch = len(epoch_order(material.train, args, np.random.default_rng(0)))
    steps = args.steps or steps_per_epoch * args.epochs
    while step < steps:
        started = time.time()
        total_reward, taken = 0.0, 0
        for rows in material.epoch(args):
            if step == steps:
                break
            rate = min(1.0, (step + 1) / 50) * (0.05 + 0.95 * (1 - step / steps))
            for group in optimizer.param_groups:
                group['lr'] = group['peak'] * rate
            begun = maker.make(rows)
            # What is drawn and what is learned must be one distribution: no dropout.
            model.eval()
            model.backbone.train()
            with torch.autocast(device.type, torch.bfloat16):
                features = model.backbone.finish(begun)
                look, forced = material.look(model, features, rows)
                memory, guess = look.memory, look.guess
            # A context of its own: autocast would reuse weights cast without gradients.
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                drawn = sample(model, memory, args.samples, config.max_length - 2)
            rewards = torch.tensor(
                [
                    reward(caption, rows[i // args.samples], forced[i // args.samples])
                    for i, caption in enumerate(drawn[:, 1:].tolist())
                ]
            ).view(-1, args.samples)
            others = (rewards.sum(1, keepdim=True) - rewards) / (args.samples - 1)
            advantage = (rewards - others).flatten().to(device)
            drawn = drawn[:, : int((drawn != 0).sum(dim=1).max())]
            with torch.autocast(device.type, torch.bfloat16):
                hidden = model.hidden(drawn[:, :-1], model.cross(memory))
                targets = drawn[:, 1:]
                words, real = word_rows(targets != Vocabulary.pad)
                logits = model.logits(hidden.flatten(0, 1)[words]).float()
                said = targets.flatten()[words].unsqueeze(-1)
                log_probs = logits.log_softmax(-1).gather(-1, said)[:, 0]
                worth = advantage[words // targets.shape[1]] * real
                loss = -(worth * log_probs).sum() / real.sum()
                concepts = model.concepts.logits(guess.taught, guess.hints)[:, : config.taught]
                named = material.named[rows].to(device)
                described = material.described[rows].to(device)
                loss = loss + args.concept_share * concept_loss(concepts, named, described)
                teacher = torch.from_numpy(material.teacher[rows]).to(device)
                loss = loss + args.head_share * head_loss(guess.classes, teacher)
                model.train()
                captions = material.captions(rows, forced, 1, config.max_length).to(device)
                loss = loss + args.cross_entropy * caption_loss(model, memory, captions, 0.1)
                batch = tuple(part.to(device) for part in next(material.sentences))
                loss = loss + args.sentence_share * sentence_loss(model, batch, 0.1)
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
                print(f'  step {step} reward {mean:.4f} {speed:.0f} photos/s', flush=True)
                if not math.isfinite(mean):
                    raise SystemExit('the reward is not finite')
        epoch += 1
        folder.save(model, optimizer, ema, epoch, step)
        trained = time.time() - started
        averaged.load_state_dict(ema)
        folder.log(
            {
                'epoch': epoch,
                'step': step,
                'reward': round(total_reward / max(1, taken), 4),
                'seconds': round(trained),
                **material.validation.scores(averaged, device),
            }
        )


if __name__ == '__main__':
    main()
