"""Converts a checkpoint of the PyTorch tutorial "Show, Attend and Tell" into a model folder.

    python scripts/export/show_attend_tell.py BEST_checkpoint_coco.pth.tar WORDMAP_coco.json models/sat --int8

The checkpoint is the tutorial's: a pickle with its whole encoder and decoder objects. Only tensors
and plain containers are taken from it; whatever class it names, none of its code is run. The folder
gives attention maps and searches as the tutorial does: three beams, best sum of log-probabilities,
no length penalty.
"""

import argparse
import collections
import hashlib
import json
import pickle
import types
from pathlib import Path

import onnx
import torch
from torch import nn

from show_attend_tell_model import DecoderWithAttention, Encoder, Looking, Step
from weight_int8 import quantise_weights

OPSET = 17


class Unpickler(pickle.Unpickler):
    """Takes tensors, containers and torch's own layers; any other class becomes an empty module."""

    def find_class(self, module: str, name: str):
        if module == "collections" and name == "OrderedDict":
            return collections.OrderedDict
        if module in ("torch._utils", "torch.nn.parameter") or module.startswith("torch.nn.modules."):
            return super().find_class(module, name)
        if module in ("torch", "torch.storage") and (name.endswith("Storage") or name == "Size"):
            return super().find_class(module, name)
        if module in ("builtins", "__builtin__") and name in ("set", "slice", "int", "float"):
            return super().find_class(module, name)
        return type(name, (nn.Module,), {})


def load_checkpoint(path: Path) -> tuple[Encoder, DecoderWithAttention]:
    reader = types.SimpleNamespace(Unpickler=Unpickler, load=pickle.load, __name__="restricted")
    checkpoint = torch.load(path, map_location="cpu", pickle_module=reader, weights_only=False)
    states = {part: checkpoint[part].state_dict() for part in ("encoder", "decoder")}
    decoder = DecoderWithAttention.like(states["decoder"])
    decoder.load_state_dict(states["decoder"])
    encoder = encoder_like(states["encoder"])
    encoder.load_state_dict(states["encoder"])
    return encoder.eval(), decoder.eval()


def encoder_like(state: dict[str, torch.Tensor]) -> Encoder:
    """The stages are children 4 to 7 of the tutorial's `resnet`; its pooling has no weights."""
    blocks = [1 + max(int(key.split(".")[2]) for key in state if key.startswith(f"resnet.{stage}.")) for stage in range(4, 8)]
    return Encoder(blocks, state["resnet.0.weight"].shape[0])


def export(encoder: Encoder, decoder: DecoderWithAttention, size: int, folder: Path) -> None:
    looking, step = Looking(encoder, decoder, size).eval(), Step(decoder).eval()
    pixels = torch.zeros(1, 3, size, size)
    with torch.no_grad():
        features, keys, hidden, cell = looking(pixels)
    common = dict(opset_version=OPSET, dynamo=False, do_constant_folding=True)
    torch.onnx.export(
        looking, (pixels,), folder / "encoder.onnx", input_names=["pixel_values"],
        output_names=["features", "keys", "first_hidden", "first_cell"], **common,
    )
    rows = 2  # More than one, so that nothing of the shape of one row is written into the graph.
    torch.onnx.export(
        step, (torch.zeros(rows, 1, dtype=torch.int64), features, keys, hidden.repeat(rows, 1), cell.repeat(rows, 1)),
        folder / "decoder.onnx", input_names=["input_ids", "features", "keys", "hidden", "cell"],
        output_names=["logits", "next_hidden", "next_cell", "attention"],
        dynamic_axes={name: {0: "rows"} for name in ("input_ids", "hidden", "cell", "logits", "next_hidden", "next_cell", "attention")},
        **common,
    )


def tokenizer(word_map: dict[str, int]) -> dict:
    """The word map as a tokenizer of whole words."""
    special = [token for token in ("<pad>", "<start>", "<end>", "<unk>") if token in word_map]
    flags = dict(special=True, single_word=False, lstrip=False, rstrip=False, normalized=False)
    return {
        "version": "1.0",
        "added_tokens": [{"id": word_map[token], "content": token, **flags} for token in special],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": {
            "type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": word_map,
        },
    }


def manifest(args, decoder: DecoderWithAttention, word_map: dict[str, int], side: int) -> dict:
    width = decoder.init_h.out_features
    return {
        "format": 1, "name": args.name, "version": args.version, "license": args.license, "task": "image-to-text",
        "description": "Show, Attend and Tell: ResNet encoder, LSTM decoder with soft attention and gate.",
        "image": {
            "width": args.size, "height": args.size, "fit": "stretch", "resample": "bilinear",
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        },
        "encoder": {
            "file": "encoder.onnx", "input": "pixel_values", "outputs": ["features", "keys", "first_hidden", "first_cell"],
        },
        "decoder": {
            "file": "decoder.onnx", "tokens": "input_ids", "logits": "logits", "attention": "attention",
            "attentionGrid": [side, side], "encoderInputs": {"features": "features", "keys": "keys"},
            "state": [
                {"input": "hidden", "output": "next_hidden", "initial": [1, width], "from": "first_hidden"},
                {"input": "cell", "output": "next_cell", "initial": [1, width], "from": "first_cell"},
            ],
        },
        "tokenizer": {"file": "tokenizer.json"},
        "generation": {
            "bos": word_map["<start>"], "eos": word_map["<end>"], "pad": word_map["<pad>"],
            "maxLength": 50, "numBeams": 3, "lengthPenalty": 0, "earlyStopping": True,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("word_map", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--int8", action="store_true", help="weights as int8: a quarter of the size")
    parser.add_argument("--size", type=int, default=256, help="side of the input in pixels")
    parser.add_argument("--name", default="show-attend-tell")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--license", default="unknown")
    args = parser.parse_args()

    args.folder.mkdir(parents=True, exist_ok=True)
    encoder, decoder = load_checkpoint(args.checkpoint)
    word_map = json.loads(args.word_map.read_text())
    export(encoder, decoder, args.size, args.folder)
    if args.int8:
        for file in ("encoder.onnx", "decoder.onnx"):
            model = onnx.load(args.folder / file)
            quantise_weights(model)
            onnx.save(model, args.folder / file)
    (args.folder / "tokenizer.json").write_text(json.dumps(tokenizer(word_map), ensure_ascii=False) + "\n")
    described = manifest(args, decoder, word_map, encoder.adaptive_pool.output_size[0])
    described["sha256"] = {
        file: hashlib.sha256((args.folder / file).read_bytes()).hexdigest()
        for file in ("encoder.onnx", "decoder.onnx", "tokenizer.json")
    }
    (args.folder / "manifest.json").write_text(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main()
