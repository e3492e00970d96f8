"""Whole-word vocabulary and its `tokenizer.json`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

SPECIAL = ('<pad>', '<bos>', '<eos>', '<unk>')
_APOSTROPHES = str.maketrans({'’': "'", '‘': "'", '`': "'"})
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")


def words_of(caption: str) -> list[str]:
    """Lower-cased words without punctuation; hyphenated words fall apart, "man's" stays one."""
    return _WORD.findall(caption.lower().translate(_APOSTROPHES))


class Vocabulary:
    """Words and their ids; the four special tokens come first."""

    pad, bos, eos, unk = range(4)

    def __init__(self, words: list[str]) -> None:
        self.words = [*SPECIAL, *words]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(
        cls,
        captions: Iterable[str],
        min_count: int,
        sentences: Counter[str],
        min_sentences: int,
        wanted: Iterable[str] = (),
    ) -> Vocabulary:
        """Words of at least `min_count` captions or `min_sentences` sentences, and `wanted` ones.

        sentences: in how many each word is. Most frequent first, ties by spelling.
        """
        counts = Counter(word for caption in captions for word in set(words_of(caption)))
        kept = {word for word, count in counts.items() if count >= min_count}
        kept |= {word for word, count in sentences.items() if count >= min_sentences}
        kept |= set(wanted)
        return cls(sorted(kept, key=lambda word: (-counts[word] - sentences[word], word)))

    def encode(self, caption: str) -> list[int]:
        """Ids of the caption's words, without bos and eos; unknown words become <unk>."""
        return [self.ids.get(word, self.unk) for word in words_of(caption)]

    def decode(self, ids: Iterable[int]) -> str:
        """Words up to the first eos, specials dropped, joined by spaces."""
        words = []
        for token in ids:
            if token == self.eos:
                break
            if token > self.unk:
                words.append(self.words[token])
        return ' '.join(words)

    def save(self, path: Path) -> None:
        """Write one word a line, specials included."""
        path.write_text('\n'.join(self.words) + '\n')

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote."""
        words = path.read_text().split('\n')[:-1]
        if tuple(words[:4]) != SPECIAL:
            raise ValueError(f'{path} is not a vocabulary: it must start with {SPECIAL}')
        return cls(words[4:])

    def tokenizer_json(self) -> dict[str, object]:
        """The vocabulary as a Hugging Face tokenizer: WordPiece over whole words.

        `continuing_subword_prefix` never matches a word of ours, so a word outside the
        vocabulary becomes <unk> as a whole.
        """
        return {
            'version': '1.0',
            'truncation': None,
            'padding': None,
            'added_tokens': [
                {
                    'id': i,
                    'content': token,
                    'single_word': False,
                    'lstrip': False,
                    'rstrip': False,
                    'normalized': False,
                    'special': True,
                }
                for i, token in enumerate(SPECIAL)
            ],
            'normalizer': {'type': 'Lowercase'},
            'pre_tokenizer': {'type': 'WhitespaceSplit'},
            'post_processor': None,
            'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': False},
            'model': {
                'type': 'WordPiece',
                'unk_token': SPECIAL[3],
                'continuing_subword_prefix': '##',
                'max_input_chars_per_word': 100,
                'vocab': self.ids,
            },
        }

    def write_tokenizer(self, path: Path) -> None:
        """Write `tokenizer.json`."""
        text = json.dumps(self.tokenizer_json(), ensure_ascii=False, separators=(',', ':'))
        path.write_text(text + '\n')
