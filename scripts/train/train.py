"""Train the captioner with cross-entropy: first the decoder alone, then end to end.

    python train.py --name lite --data DATA --weights efficientnet_lite0.npz --work WORK

One epoch is one pass over the photos with all captions of each. Writes WORK/NAME/last.pt after
every epoch and continues from it when started again with the same arguments.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from concepts import SentenceSource, choose_concepts, concept_targets, read_sentences
from dataset import Photo, augment, encode_captions, prepare_pixels, read_photos, to_pixel_values
from dropout import seed_dropout
from evaluate import caption_photos, score_set
from losses import caption_loss, concept_loss, sentence_loss, update_ema
from model import Captioner, CaptionerConfig
from schedule import rate_at
from vocabulary import Vocabulary


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--name', required=True, help='folder of this run under --work')
    parser.add_argument('--data', type=Path, required=True, help='folder with flickr8k/ and coco/')
    parser.add_argument('--sets', nargs='+', default=['flickr8k', 'coco'])
    parser.add_argument('--weights', type=Path, help='.npz of the pretrained encoder; none: random')
    parser.add_argument(
        '--work', type=Path, required=True, help='folder for checkpoints and pixels'
    )
    parser.add_argument('--decoder', type=Path, help="pretrain.py's last.pt; none: random")
    parser.add_argument('--frozen-epochs', type=int, default=2)
    parser.add_argument(
        '--epochs', type=int, default=12, help='all epochs, the frozen ones included'
    )
    parser.add_argument('--batch', type=int, default=32, help='photos a step')
    parser.add_argument('--captions', type=int, default=4, help='captions of each photo a step')
    parser.add_argument('--lr', type=float, default=4e-4)
    parser.add_argument('--backbone-lr', type=float, default=8e-5)
    parser.add_argument(
        '--frozen-layers', type=int, default=11, help='first convolutions never trained'
    )
    parser.add_argument('--dropout', type=float, default=0.15)
    parser.add_argument('--smoothing', type=float, default=0.1)
    parser.add_argument('--depthwise', action='store_true', help='train these kernels, too')
    parser.add_argument('--weight-decay', type=float, default=0.02)
    parser.add_argument('--augment', type=float, default=1.0, help='strength; 0 turns it off')
    parser.add_argument(
        '--hard', action='store_true', help='harder views, and part of the memory missing'
    )
    parser.add_argument('--ema', type=float, default=0.998)
    parser.add_argument('--concept-share', type=float, default=0.05, help='weight of that loss')
    parser.add_argument('--sentences', type=Path, help='go on with sentences beside the photos')
    parser.add_argument('--sentence-batch', type=int, default=48, help='sentences a step')
    parser.add_argument('--sentence-share', type=float, default=0.3, help='weight of that loss')
    parser.add_argument(
        '--min-count', type=int, default=6, help='without --decoder: rarer words become <unk>'
    )
    parser.add_argument(
        '--concept-photos',
        type=int,
        default=30,
        help='without --decoder: photos that a concept is at least named of',
    )
    parser.add_argument('--val-photos', type=int, default=300, help='of each set, while training')
    parser.add_argument('--evaluate-every', type=int, default=1, help='epochs')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--threads', type=int, default=0)
    return parser.parse_args()


def parameter_groups(model: Captioner, args: argparse.Namespace) -> list[dict[str, object]]:
    """Head and backbone at their rates; biases, norms and positions without weight decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    frozen = {spec.name for spec in model.backbone.specs[: args.frozen_layers]}
    depthwise = {spec.name for spec in model.backbone.specs if spec.groups > 1}
    fixed = set() if args.depthwise else depthwise
    for name, parameter in model.named_parameters():
        backbone = name.startswith('backbone.')
        if backbone:
            layer, kind = name.split('.')[-2:]
            if layer in frozen or (layer in fixed and kind == 'weight'):
                parameter.requires_grad_(False)
                continue
        decays = parameter.ndim > 1 and 'position' not in name
        groups.setdefault((backbone, decays), []).append(parameter)
    return [
        {
            'params': parameters,
            'peak': args.backbone_lr if backbone else args.lr,
            'weight_decay': args.weight_decay if decays else 0.0,
            'backbone': backbone,
        }
        for (backbone, decays), parameters in groups.items()
    ]


def start(args: argparse.Namespace, train: list[Photo]) -> tuple[Captioner, Vocabulary]:
    """The network as it is before the first step, and its vocabulary."""
    if args.decoder is None:
        vocabulary = Vocabulary.build((c for p in train for c in p.captions), args.min_count)
        concepts = choose_concepts(train, vocabulary, args.concept_photos)
        config = CaptionerConfig(len(vocabulary), dropout=args.dropout, hard=args.hard, **concepts)
        model = Captioner(config, args.frozen_layers)
    else:
        vocabulary = Vocabulary.load(args.decoder.parent / 'vocabulary.txt')
        saved = torch.load(args.decoder, map_location='cpu', weights_only=True)
        config = replace(CaptionerConfig(**saved['config']), dropout=args.dropout, hard=args.hard)
        model = Captioner(config, args.frozen_layers)
        unknown = model.load_state_dict(saved['ema'], strict=False).unexpected_keys
        if unknown:
            raise SystemExit(f'{args.decoder} is of another network: {unknown}')
    if args.weights is not None:
        model.backbone.load_pretrained(args.weights)
    return model, vocabulary


def main() -> None:
    """Run the training."""
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    folder = args.work / args.name
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    torch.manual_seed(args.seed)
    seed_dropout(args.seed)
    rng = np.random.default_rng(args.seed)
    generator = torch.Generator().manual_seed(args.seed)

    sets = [args.data / name for name in args.sets]
    photos = read_photos(sets)
    pixels = prepare_pixels(sets, photos, args.work / 'pixels.npy')
    train = [photo for photo in photos if photo.split == 'train']
    model, vocabulary = start(args, train)
    config = model.config
    vocabulary.save(folder / 'vocabulary.txt')
    named = concept_targets(train, vocabulary, config.concepts)
    sentences = None
    if args.sentences is not None:
        read = read_sentences(args.sentences, vocabulary, config.max_length - 2)
        sentences = SentenceSource(read, config, args.seed).batches(args.sentence_batch)
    model = model.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(parameter_groups(model, args), betas=(0.9, 0.98), fused=True)
    ema = {n: v.clone() for n, v in model.state_dict().items()}
    steps_per_epoch = len(train) // args.batch
    steps = steps_per_epoch * args.epochs
    epoch, step = 0, 0

    last = folder / 'last.pt'
    if last.exists():
        saved = torch.load(last, map_location=device, weights_only=True)
        model.load_state_dict(saved['model'])
        optimizer.load_state_dict(saved['optimizer'])
        ema = saved['ema']
        epoch, step = saved['epoch'], saved['step']
        rng = np.random.default_rng(args.seed + epoch)
        generator.manual_seed(args.seed + epoch)
        seed_dropout(args.seed + epoch)
    print(
        f'{len(train)} photos, {len(vocabulary)} words, '
        f'{sum(p.numel() for p in model.parameters()):,} weights, {steps} steps on {device}',
        flush=True,
    )

    averaged = Captioner(config).to(device).to(memory_format=torch.channels_last).eval()
    while epoch < args.epochs:
        started = time.time()
        frozen = epoch < args.frozen_epochs
        model.train()
        model.backbone.train(not frozen)
        total = torch.zeros((), device=device)
        order = rng.permutation(len(train))
        for first in range(0, steps_per_epoch * args.batch, args.batch):
            rows = order[first : first + args.batch]
            batch: list[Photo] = [train[i] for i in rows]
            pixel_values = to_pixel_values(pixels[[photo.row for photo in batch]])
            if args.augment > 0:
                may_flip = torch.tensor([photo.may_flip for photo in batch])
                pixel_values = augment(pixel_values, may_flip, generator, args.augment, args.hard)
            pixel_values = pixel_values.to(device).contiguous(memory_format=torch.channels_last)
            captions = torch.from_numpy(
                np.stack(
                    [
                        encode_captions(p, vocabulary, config.max_length, args.captions, rng)
                        for p in batch
                    ]
                )
            ).to(device)
            # The backbone's own warm-up starts when it thaws; Adam's moments are then empty.
            head_rate = rate_at(step, steps, 200)
            thawed = step - args.frozen_epochs * steps_per_epoch
            for group in optimizer.param_groups:
                rate = (
                    head_rate * min(1.0, max(0, thawed + 1) / 200)
                    if group['backbone']
                    else head_rate
                )
                group['lr'] = group['peak'] * rate
            with torch.autocast(device.type, torch.bfloat16):
                with torch.set_grad_enabled(not frozen):
                    features = model.backbone(pixel_values)
                memory, logits = model.look(features)
                loss = caption_loss(model, memory, captions, args.smoothing)
                total += loss.detach()
                loss = loss + args.concept_share * concept_loss(logits, named[rows].to(device))
                if sentences is not None:
                    words = tuple(part.to(device) for part in next(sentences))
                    loss = loss + args.sentence_share * sentence_loss(model, words, args.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            update_ema(ema, model, min(args.ema, (1 + step) / (10 + step)))
            step += 1
            if step % 50 == 0:
                rate = (first + args.batch) / (time.time() - started)
                print(f'  step {step} loss {loss.item():.3f} {rate:.0f} photos/s', flush=True)
        epoch += 1
        torch.save(
            {
                'config': config.to_dict(),
                'model': model.state_dict(),
                'ema': ema,
                'optimizer': optimizer.state_dict(),
                'epoch': epoch,
                'step': step,
            },
            last.with_suffix('.part'),
        )
        last.with_suffix('.part').rename(last)
        if epoch > args.frozen_epochs:
            slim = {'config': config.to_dict(), 'ema': ema, 'epoch': epoch}
            torch.save(slim, folder / f'epoch{epoch:02d}.pt')
        trained = time.time() - started
        averaged.load_state_dict(ema)
        line: dict[str, object] = {
            'epoch': epoch,
            'loss': round(total.item() / steps_per_epoch, 4),
            'seconds': round(trained),
        }
        due = epoch % args.evaluate_every == 0 or epoch == args.epochs
        for name in args.sets if due else ():
            val = [p for p in photos if p.split == 'val' and p.set_name == name]
            val = val[: args.val_photos]
            captions_made = caption_photos(averaged, vocabulary, pixels, val, device)
            scores = score_set(captions_made, val)
            line[name] = {k: round(scores[k], 3) for k in ('bleu4', 'ciderD', 'distinct')}
        line['evaluation'] = round(time.time() - started - trained)
        print(json.dumps(line), flush=True)
        with (folder / 'log.jsonl').open('a') as log:
            log.write(json.dumps(line) + '\n')


if __name__ == '__main__':
    main()
