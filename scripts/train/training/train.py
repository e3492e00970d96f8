"""Train the captioner with cross-entropy: first the decoder alone, then end to end.

    python -m training.train --name NAME --decoder FILE.pt --weights FILE.npz --data DATA …

One epoch is one pass over the photos with all captions of each. Writes WORK/NAME/last.pt after
every epoch and continues from it when started again with the same arguments.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from data.vocabulary import Vocabulary
from model.captioner import Captioner, load_captioner
from model.config import CaptionerConfig
from model.dropout import seed_dropout
from training.batches import Batches, BatchMaker
from training.checkpoint import RunFolder
from training.losses import caption_loss, concept_loss, head_loss, sentence_loss, update_ema
from training.material import add_run_arguments, epoch_order, read_material
from training.schedule import rate_at


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser)
    parser.add_argument('--weights', type=Path, help='.npz of the encoder; with --decoder')
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument('--decoder', type=Path, help="pretrain.py's last.pt")
    begin.add_argument('--start', type=Path, help='checkpoint of a whole network to go on from')
    parser.add_argument('--frozen-epochs', type=int, default=2)
    parser.add_argument(
        '--epochs', type=int, default=12, help='all epochs, the frozen ones included'
    )
    parser.add_argument('--batch', type=int, default=32, help='photos a step')
    parser.add_argument('--captions', type=int, default=4, help='captions of each photo a step')
    parser.add_argument('--lr', type=float, default=4e-4)
    parser.add_argument('--backbone-lr', type=float, default=8e-5)
    parser.add_argument('--dropout', type=float, default=0.15)
    parser.add_argument('--smoothing', type=float, default=0.1)
    parser.add_argument('--weight-decay', type=float, default=0.02)
    parser.add_argument('--augment', type=float, default=1.0, help='strength; 0 turns it off')
    parser.add_argument('--beside', action='store_true', help='make batches in a process beside')
    parser.add_argument('--ema', type=float, default=0.998)
    parser.add_argument('--concept-share', type=float, default=0.05, help='weight of that loss')
    parser.add_argument('--head-share', type=float, default=0.3, help='weight of that loss')
    parser.add_argument('--sentence-batch', type=int, default=48, help='sentences a step')
    parser.add_argument('--sentence-share', type=float, default=0.3, help='weight of that loss')
    parser.add_argument('--evaluate-every', type=int, default=1, help='epochs')
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


def start(args: argparse.Namespace) -> tuple[Captioner, Vocabulary]:
    """The network as it is before the first step, and its vocabulary."""
    vocabulary = Vocabulary.load((args.start or args.decoder).parent / 'vocabulary.txt')
    if args.start:
        return load_captioner(args.start, args.frozen_layers, args.dropout), vocabulary
    saved = torch.load(args.decoder, map_location='cpu', weights_only=True)
    config = replace(CaptionerConfig(**saved['config']), dropout=args.dropout)
    model = Captioner(config, args.frozen_layers)
    unknown = model.load_state_dict(saved['ema'], strict=False).unexpected_keys
    if unknown:
        raise SystemExit(f'{args.decoder} is of another network: {unknown}')
    arrays = dict(np.load(args.weights))
    model.backbone.load_pretrained(arrays)
    model.concepts.head.weight.data.copy_(torch.from_numpy(arrays['fc_weight'].astype(np.float32)))
    model.concepts.head.bias.data.copy_(torch.from_numpy(arrays['fc_bias'].astype(np.float32)))
    return model, vocabulary


def main() -> None:
    """Run the training."""
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    folder = RunFolder(args.work / args.name)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    torch.manual_seed(args.seed)

    model, vocabulary = start(args)
    config = model.config
    vocabulary.save(folder.folder / 'vocabulary.txt')
    model = model.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(parameter_groups(model, args), betas=(0.9, 0.98), fused=True)
    ema = {n: v.clone() for n, v in model.state_dict().items()}
    epoch, step = folder.resume(model, optimizer, ema, device)
    seed_dropout(args.seed + epoch)
    material = read_material(args, model, vocabulary, args.seed + epoch)
    steps_per_epoch = len(epoch_order(material.train, args, np.random.default_rng(0)))
    steps = steps_per_epoch * args.epochs
    print(
        f'{len(material.train)} photos, {len(vocabulary)} words, '
        f'{sum(p.numel() for p in model.parameters()):,} weights, {steps} steps on {device}',
        flush=True,
    )

    averaged = Captioner(config).to(device).to(memory_format=torch.channels_last).eval()
    seed = args.seed + 100 * epoch
    maker = BatchMaker(
        material.pixels, material.train, model.backbone, args.augment, seed, args.hard
    )
    batches = Batches(maker, args.work / 'pixels.npy', config.encoder, args.beside)
    while epoch < args.epochs:
        started = time.time()
        frozen = epoch < args.frozen_epochs
        model.train()
        model.backbone.train(not frozen)
        totals = torch.zeros(3, device=device)
        for done, (rows, begun) in enumerate(batches.of(material.epoch(args)), 1):
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
                    features = model.backbone.finish(begun)
                look, forced = material.look(model, features, rows)
                captions = material.captions(rows, forced, args.captions, config.max_length)
                loss = caption_loss(model, look.memory, captions.to(device), args.smoothing)
                guess = look.guess
                logits = model.concepts.logits(guess.taught, guess.hints)[:, : config.taught]
                named, described = material.named[rows], material.described[rows]
                concepts = concept_loss(logits, named.to(device), described.to(device))
                teacher = torch.from_numpy(material.teacher[rows]).to(device)
                head = head_loss(guess.classes, teacher)
                totals += torch.stack((loss, concepts, head)).detach()
                loss = loss + args.concept_share * concepts + args.head_share * head
                words = tuple(part.to(device) for part in next(material.sentences))
                loss = loss + args.sentence_share * sentence_loss(model, words, args.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            update_ema(ema, model, min(args.ema, (1 + step) / (10 + step)))
            step += 1
            if step % 50 == 0:
                rate = done * args.batch / (time.time() - started)
                parts = ' '.join(f'{value:.3f}' for value in (totals / done).tolist())
                print(f'  step {step} losses {parts} {rate:.0f} photos/s', flush=True)
        epoch += 1
        folder.save(model, optimizer, ema, epoch, step, slim=epoch > args.frozen_epochs)
        trained = time.time() - started
        averaged.load_state_dict(ema)
        line: dict[str, object] = {
            'epoch': epoch,
            'losses': [round(value, 4) for value in (totals / steps_per_epoch).tolist()],
            'seconds': round(trained),
        }
        if epoch % args.evaluate_every == 0 or epoch == args.epochs:
            line.update(material.validation.scores(averaged, device))
        line['evaluation'] = round(time.time() - started - trained)
        folder.log(line)
    batches.close()


if __name__ == '__main__':
    main()
