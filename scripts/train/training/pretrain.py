"""Teach the decoder sentences before it sees a photo.

    python -m training.pretrain --name words --data DATA --sentences FILE.gz --work WORK …

A memory of concepts in place of a photo, some of them the sentence's own and some wrong (see
`concepts.py`), and the sentence to be said. Photo captions of train take part as sentences. Writes
WORK/NAME/last.pt, which `train.py --decoder` starts from, and the vocabulary and concepts.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from data.concepts import build_concepts, read_class_words
from data.photos import add_set_arguments, read_photos, set_folders
from data.sentences import SentenceSource, read_sentences
from data.vocabulary import Vocabulary
from data.wordnet import count_words
from model.captioner import Captioner
from model.config import CaptionerConfig
from model.dropout import seed_dropout
from training.losses import sentence_loss, update_ema
from training.schedule import rate_at


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--name', required=True, help='folder of this run under --work')
    add_set_arguments(parser)
    parser.add_argument('--sentences', type=Path, required=True, help='gzipped, one a line')
    parser.add_argument('--class-words', type=Path, required=True, help='of data.wordnet')
    parser.add_argument('--encoder', default='lite2')
    parser.add_argument('--work', type=Path, required=True, help='folder for checkpoints')
    parser.add_argument('--steps', type=int, default=2500)
    parser.add_argument('--batch', type=int, default=192, help='sentences a step')
    parser.add_argument('--lr', type=float, default=1e-3)
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--smoothing', type=float, default=0.1)
    parser.add_argument('--weight-decay', type=float, default=0.02)
    parser.add_argument('--min-count', type=int, default=6, help='captions of a word, at least')
    parser.add_argument('--min-sentences', type=int, default=25, help='or sentences')
    parser.add_argument('--threads', type=int, default=0)
    parser.add_argument(
        '--concept-photos', type=int, default=30, help='photos that a concept is at least named of'
    )
    parser.add_argument('--seed', type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Run the training."""
    args = arguments()
    folder = args.work / args.name
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    torch.manual_seed(args.seed)
    seed_dropout(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    train = [p for p in read_photos(set_folders(args)) if p.split == 'train']
    captions = [caption for photo in train for caption in photo.captions]
    counts = count_words(args.sentences)
    classes = read_class_words(args.class_words, counts)
    wanted = {'a', 'an', *(word for entry in classes for word in entry.words)}
    vocabulary = Vocabulary.build(captions, args.min_count, counts, args.min_sentences, wanted)
    vocabulary.save(folder / 'vocabulary.txt')
    table = build_concepts(train, vocabulary, args.concept_photos, classes)
    config = CaptionerConfig(
        vocabulary=len(vocabulary),
        encoder=args.encoder,
        dropout=args.dropout,
        concepts=table.ids,
        taught=table.taught,
        hinted_from=table.hinted_from,
    )
    longest = config.max_length - 2
    encoded = (vocabulary.encode(caption) for caption in captions)
    sentences = [ids for ids in encoded if 4 <= len(ids) <= longest and vocabulary.unk not in ids]
    sentences += read_sentences(args.sentences, vocabulary, longest)
    source = SentenceSource(
        sentences, table, classes, vocabulary, config.concepts_seen, config.max_length, args.seed
    )
    model = Captioner(config).to(device).train()
    model.concepts.class_words.copy_(torch.from_numpy(table.class_words))
    del model.backbone
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [
            {'params': [p for p in parameters if p.ndim > 1], 'weight_decay': args.weight_decay},
            {'params': [p for p in parameters if p.ndim == 1], 'weight_decay': 0.0},
        ],
        betas=(0.9, 0.98),
        fused=True,
    )
    ema = {name: value.clone() for name, value in model.state_dict().items()}
    print(
        f'{len(sentences)} sentences, {len(vocabulary)} words, {config.taught} taught and '
        f'{len(config.concepts) - config.hinted_from} hinted concepts, '
        f'{args.steps} steps on {device}',
        flush=True,
    )
    started, total = time.time(), 0.0
    for step, batch in enumerate(source.batches(args.batch)):
        if step == args.steps:
            break
        for group in optimizer.param_groups:
            group['lr'] = args.lr * rate_at(step, args.steps, 200)
        with torch.autocast(device.type, torch.bfloat16):
            loss = sentence_loss(model, tuple(x.to(device) for x in batch), args.smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        update_ema(ema, model, min(0.995, (1 + step) / (10 + step)))
        total += loss.item()
        if (step + 1) % 100 == 0:
            seconds = time.time() - started
            line = {'step': step + 1, 'loss': round(total / 100, 4), 'seconds': round(seconds)}
            print(json.dumps(line), flush=True)
            with (folder / 'log.jsonl').open('a') as log:
                log.write(json.dumps(line) + '\n')
            total = 0.0
    torch.save({'config': config.to_dict(), 'ema': ema}, folder / 'last.pt')


if __name__ == '__main__':
    main()
