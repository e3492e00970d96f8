"""What captions get wrong, counted against the words of the people's captions.

    python -m evaluation.word_errors --captions captions.json [--class-words class_words.json]

`captions.json` is what `evaluation.evaluate --out` or `evaluation.evaluate_onnx --out` wrote. A
word counts as wrong when none of the photo's captions has it, so synonyms count as wrong too: read
the figures as comparisons between words, not as error rates.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from data.vocabulary import words_of
from training.refine import FUNCTION_WORDS

GROUPS = {
    'colour': 'red blue green yellow orange pink purple brown black white grey gray tan blonde',
    'number': 'two three four five several',
    'thing held or thrown': 'ball frisbee stick toy rope racket bat phone book guitar camera',
    'place': 'grass water snow beach street field park pool mountain sand ocean room kitchen table',
}
FEMALE = frozenset('woman women girl girls lady ladies female'.split())
MALE = frozenset('man men boy boys guy guys male'.split())
CHILD = frozenset('boy boys girl girls child children kid kids baby toddler'.split())
ADULT = frozenset('man men woman women lady ladies guy guys'.split())


def confusion(
    rows: list[tuple[list[str], set[str]]], shown: frozenset[str], other: frozenset[str]
) -> str:
    """Of photos where people use words of `shown` and none of `other`: what the model says."""
    said = [set(caption) for caption, people in rows if people & shown and not people & other]
    right = sum(bool(words & shown) and not words & other for words in said)
    wrong = sum(bool(words & other) for words in said)
    neither = len(said) - right - wrong
    return f'{len(said)} photos: {right} said so, {wrong} said the other, {neither} neither'


def named_rightly(entries: list[dict[str, object]], names: frozenset[str]) -> tuple[int, int]:
    """Names of things that captions of photos of one thing say: (the thing's, all).

    names: the ImageNet classes' own words. What else is in the photo counts as wrong.
    """
    right = said = 0
    for entry in entries:
        if 'named' in entry:
            words = set(words_of(str(entry['caption']))) & names
            said += len(words)
            right += len(words.intersection(entry['references']))
    return right, said


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--captions', type=Path, required=True)
    parser.add_argument('--class-words', type=Path, help='of data.wordnet: counts names of things')
    args = parser.parse_args()
    entries = json.loads(args.captions.read_text())
    if args.class_words:
        classes = json.loads(args.class_words.read_text())
        names = frozenset(w for c in classes for w, share in c['words'].items() if share == 1)
        right, said = named_rightly(entries, names)
        print(f'names of things: {said} said, {right} of the thing in the photo')
    rows = [
        (words_of(entry['caption']), {w for r in entry['references'] for w in words_of(r)})
        for entry in entries
    ]
    function_words = set(words_of(FUNCTION_WORDS))
    telling = [[word for word in caption if word not in function_words] for caption, _ in rows]
    again = sum(len(words) != len(set(words)) for words in telling)
    print(f'{len(rows)} captions, {again} say a telling word again')
    print(f'{len({word for words in telling for word in words})} different words used')
    for name, words in GROUPS.items():
        group = set(words.split())
        said = [
            (word, word in people) for caption, people in rows for word in caption if word in group
        ]
        right = sum(found for _, found in said)
        share = right / max(1, len(said))
        print(f"{name}: said {len(said)} times, in a person's caption {right} ({share:.0%})")
    print('female only,', confusion(rows, FEMALE, MALE))
    print('male only,', confusion(rows, MALE, FEMALE))
    print('child only,', confusion(rows, CHILD, ADULT))
    print('adult only,', confusion(rows, ADULT, CHILD))
    wrong = Counter(
        word
        for (_, people), words in zip(rows, telling)
        for word in set(words)
        if word not in people
    )
    used = Counter(word for words in telling for word in set(words))
    print(
        'most often unsupported:',
        ', '.join(f'{w} {n} of {used[w]}' for w, n in wrong.most_common(25)),
    )


if __name__ == '__main__':
    main()
