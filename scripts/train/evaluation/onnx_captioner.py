"""Caption photos with a finished model folder, by onnxruntime: what users will see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from data.photos import to_pixel_values
from data.vocabulary import SPECIAL, Vocabulary
from evaluation.beam import BeamOptions
from evaluation.tags import Influence, added_to, forms_by_token, likely_words, search_with_tags


def session_of(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


class OnnxDecoder:
    """Steps of the decoder graph for the beams of one photo."""

    def __init__(
        self, session: onnxruntime.InferenceSession, encoded: dict[str, np.ndarray], beams: int
    ) -> None:
        self.session = session
        self.encoded = {n: v for n, v in encoded.items() if n.startswith('cross_')}
        self.names = [output.name for output in session.get_outputs()]
        self.past: dict[str, np.ndarray] = {}
        for value in session.get_inputs():
            if value.name.startswith('past_'):
                _, heads, _, size = value.shape
                self.past[value.name] = np.zeros((beams, heads, 0, size), np.float32)

    def step(self, tokens: Tensor) -> Tensor:
        """The next words' logits [beams, vocabulary]."""
        feeds = {**self.encoded, **self.past, 'input_ids': tokens.numpy()}
        outputs = dict(zip(self.names, self.session.run(None, feeds)))
        self.past = {name: outputs[name.replace('past_', 'present_')] for name in self.past}
        return torch.from_numpy(outputs['logits'][:, 0])

    def reorder(self, rows: Tensor) -> None:
        """Pick rows of every cache tensor."""
        self.past = {name: value[rows.numpy()] for name, value in self.past.items()}


@dataclass(frozen=True)
class Caption:
    """A found caption; `tokens` are without bos, `score` is the beam's."""

    text: str
    tokens: list[int]
    score: float


class OnnxCaptioner:
    """A model folder with its default settings."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        manifest = json.loads((folder / 'manifest.json').read_text())
        generation = manifest['generation']
        self.encoder = session_of(folder / manifest['encoder']['file'], threads)
        self.decoder = session_of(folder / manifest['decoder']['file'], threads)
        tokenizer = json.loads((folder / manifest['tokenizer']['file']).read_text())
        ids = tokenizer['model']['vocab']
        self.tags = manifest['encoder']['tags']
        self.forms = forms_by_token(self.tags['tokens'], self.tags.get('forms', []))
        self.tag_weight = generation.get('tagWeight', 0)
        self.tag_bias = generation.get('tagBias', 0)
        self.repeat_penalty = generation.get('tagRepeatPenalty', 0)
        self.vocabulary = Vocabulary(sorted(ids, key=lambda word: ids[word])[len(SPECIAL) :])
        self.options = BeamOptions(
            beams=generation['numBeams'],
            max_length=generation['maxLength'],
            length_penalty=generation['lengthPenalty'],
            early_stopping=generation['earlyStopping'],
            no_repeat_ngram=generation.get('noRepeatNgramSize', 0),
            bos=generation['bos'],
            eos=generation['eos'],
            suppress=tuple(generation['suppress']),
        )

    def encode(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Encoder outputs by name for [224, 224, 3] uint8 pixels."""
        names = [output.name for output in self.encoder.get_outputs()]
        pixel_values = to_pixel_values(pixels[np.newaxis]).contiguous().numpy()
        return dict(zip(names, self.encoder.run(None, {'pixel_values': pixel_values})))

    def caption(
        self, encoded: dict[str, np.ndarray], options: BeamOptions | None = None
    ) -> Caption:
        """The best caption for what `encode` gave."""
        options = options or self.options
        score, tokens = search_with_tags(
            lambda: OnnxDecoder(self.decoder, encoded, options.beams),
            self.influence(encoded),
            options,
        )
        return Caption(self.vocabulary.decode(tokens), tokens, score)

    def influence(self, encoded: dict[str, np.ndarray]) -> Influence:
        """What the photo's tags do to its captions."""
        tokens = self.tags['tokens']
        seen = zip(tokens, encoded[self.tags['output']][0].tolist())
        likely = likely_words(seen, self.tag_weight, self.tags.get('unweighted', ()))
        bias = self.tag_bias * encoded[self.tags['bias']][0] if self.tag_bias else []
        return Influence(
            likely=added_to(tokens, likely, self.forms) if self.tag_weight else {},
            sure=added_to(tokens, map(float, bias), self.forms),
            repeat_penalty=self.repeat_penalty,
            forms=self.forms,
        )
