"""What training reads besides weights: photos, captions, hints, sentences."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.concepts import ConceptTable, concept_targets, read_class_words
from data.hints import DAMPED, FORCED, HintForcing
from data.photos import (
    Photo,
    add_set_arguments,
    encode_captions,
    neutral,
    prepare_pixels,
    read_photos,
    set_folders,
)
from data.sentences import SentenceBatch, SentenceSource, read_sentences
from data.vocabulary import Vocabulary
from data.wordnet import count_words
from evaluation.evaluate import Validation
from model.captioner import Captioner
from model.concepts import Look
from model.dropout import thinned


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """What both kinds of training are told: where things are, and what of them is used."""
    parser.add_argument('--name', required=True, help='folder of this run under --work')
    add_set_arguments(parser)
    parser.add_argument(
        '--shares', nargs='+', type=float, help="of each set's photos in an epoch; default all"
    )
    parser.add_argument(
        '--work', type=Path, required=True, help='folder for checkpoints and pixels'
    )
    parser.add_argument('--class-words', type=Path, required=True, help='of data.wordnet')
    parser.add_argument('--naming', type=Path, help='photos to check names on, never trained on')
    parser.add_argument('--sentences', type=Path, required=True, help='gzipped, one a line')
    parser.add_argument(
        '--frozen-layers', type=int, default=21, help='first convolutions never trained'
    )
    parser.add_argument('--depthwise', action='store_true', help='train these kernels, too')
    parser.add_argument(
        '--hard', action='store_true', help='harder views, parts of the memory missing'
    )
    parser.add_argument('--val-photos', type=int, default=300, help='of each set, while training')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--threads', type=int, default=0)


@dataclass(frozen=True)
class Material:
    """Rows are places in `train`."""

    train: list[Photo]
    told: list[Photo]
    """The same with captions that agree on a person's sex (`neutral`)."""
    pixels: np.ndarray
    teacher: np.ndarray
    """The larger classifier's log-probabilities, [train, 1000]."""
    named: Tensor
    """Shares of captions that say each taught word, [train, taught]."""
    described: Tensor
    """Which photos have captions that people wrote, bool [train]."""
    hard: bool
    """Leave out parts of the memory (`model.dropout.thinned`)."""
    forcing: HintForcing
    sentences: Iterator[SentenceBatch]
    validation: Validation
    vocabulary: Vocabulary
    rng: np.random.Generator

    def captions(self, rows: np.ndarray, forced: list[int | None], count: int, most: int) -> Tensor:
        """`count` captions of each photo, about the forced word where there is one."""
        drawn = [
            encode_captions(self.told[row], self.vocabulary, most, count, self.rng, about)
            for row, about in zip(rows, forced)
        ]
        return torch.from_numpy(np.stack(drawn))

    def look(
        self, model: Captioner, features: Tensor, rows: np.ndarray
    ) -> tuple[Look, list[int | None]]:
        """The photos' memories as training shows them, and the forced words."""
        pooled = features.detach().float().mean(dim=(2, 3))
        with torch.no_grad():
            own = model.concepts.guess(pooled, model.embedding.weight).hints
        shown, forced = self.forcing.show(rows, own.cpu().numpy())
        look = model.look(features, torch.from_numpy(shown).to(features.device))
        if self.hard:
            look = Look(thinned(look.memory, model.config.grid**2), look.guess)
        return look, forced

    def epoch(self, args: argparse.Namespace) -> list[np.ndarray]:
        """Batches of rows: of each set the share that an epoch takes, mixed."""
        return epoch_order(self.train, args, self.rng)


def epoch_order(
    photos: list[Photo], args: argparse.Namespace, rng: np.random.Generator
) -> list[np.ndarray]:
    """Batches of rows of `photos`: of each set the share that an epoch takes, mixed."""
    shares = dict(zip(args.sets, args.shares or [1.0] * len(args.sets)))
    rows = []
    for name, share in shares.items():
        own = rng.permutation([i for i, photo in enumerate(photos) if photo.set_name == name])
        rows.append(own[: int(len(own) * share)])
    order = rng.permutation(np.concatenate(rows))
    return [order[i : i + args.batch] for i in range(0, len(order) - args.batch + 1, args.batch)]


def read_material(
    args: argparse.Namespace,
    model: Captioner,
    vocabulary: Vocabulary,
    seed: int,
    forced: float = FORCED,
    damped: float = DAMPED,
) -> Material:
    """Everything of the sets that the command line names."""
    config = model.config
    rng = np.random.default_rng(seed)
    sets = set_folders(args)
    photos = read_photos(sets)
    pixels = prepare_pixels(sets, photos, args.work / 'pixels.npy')
    train = [photo for photo in photos if photo.split == 'train']
    told = [replace(photo, captions=neutral(photo.captions)) for photo in train]
    teacher = np.load(args.work / 'teacher.npy')[[photo.row for photo in train]]
    classes = read_class_words(args.class_words, count_words(args.sentences))
    class_words = model.concepts.class_words.cpu().numpy().copy()
    table = ConceptTable(config.concepts, config.taught, config.hinted_from, class_words)
    read = read_sentences(args.sentences, vocabulary, config.max_length - 2)
    return Material(
        train=train,
        told=told,
        pixels=pixels,
        teacher=teacher,
        named=concept_targets(told, vocabulary, config.concepts[: config.taught]),
        described=torch.tensor([photo.described for photo in train]),
        hard=args.hard,
        forcing=HintForcing(told, vocabulary, classes, class_words, teacher, rng, forced, damped),
        sentences=SentenceSource(
            read, table, classes, vocabulary, config.concepts_seen, config.max_length, seed
        ).batches(args.sentence_batch),
        validation=Validation(photos, pixels, vocabulary, args.val_photos, args.naming),
        vocabulary=vocabulary,
        rng=rng,
    )
