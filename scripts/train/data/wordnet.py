"""Everyday words for the 1,000 ImageNet classes, from WordNet.

    python -m data.wordnet --wordnet /usr/share/wordnet --labels imagenet_labels.txt \
        --sentences sentences.txt.gz --out WORK/class_words.json

A class is named by its own words and by those of what it is a kind of: "espresso", "coffee". Words
that name everything and hence nothing ("object", "device") are left out, and so are those above a
class that hardly anybody says. Needs WordNet 3.0's database (Debian: `wordnet-base`).
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from data.vocabulary import words_of

STEP = 0.95
"""Strength that a word loses with each step up from the class."""

COMMON = 30
"""Sentences that a word above a class is in, at least; a class's own words need none."""

ENGLISH = 3
"""Sentences that a word is in, at least, to count as English."""

EMPTY = frozenset(
    'entity thing object whole unit matter substance artifact artefact instrumentality '
    'instrumentation device equipment article implement means mechanism structure construction '
    'covering container conveyance transport commodity goods consumer durables system assembly '
    'assemblage facility installation way causal agent cause agency being organism animal creature '
    'beast brute fauna person individual someone somebody mortal soul vertebrate craniate chordate '
    'mammal mammalian placental carnivore ungulate invertebrate arthropod aquatic game '
    'domestic domesticated varmint adult female male young offspring group grouping collection '
    'arrangement abstraction abstract attribute relation measure quantity amount definite state '
    'event act action activity natural part portion component constituent element piece body '
    'formation geological nutriment nourishment nutrition sustenance aliment alimentation '
    'victuals provisions foodstuff product production creation work area surface region '
    'location place point position line space extent signal communication message content '
    'representation sign symbol medium protection shelter support supporting restraint '
    'fastener fastening connection connector connexion barrier obstruction obstructer impediment '
    'hole opening way passage machine apparatus setup contraption contrivance '
    'appliance merchandise ware property possession material stuff fabric solid liquid fluid '
    'organ plant flora life form worker laborer labourer player hand partner sort kind '
    'move turn play living foot head edge end side base top control reproduction copy '
    'shape figure feature use block stock establishment institution organization delicacy '
    'kindling remains attire wearing apparel habiliment wearable good wear cover wind brass craft '
    'produce groceries business fixing arm wood fencing wears covers'.split()
)


@dataclass(frozen=True)
class Synset:
    """One meaning: its words, and what it is a kind of."""

    lemmas: tuple[str, ...]
    above: tuple[int, ...]
    domain: int
    """WordNet's lexicographer file: 05 animals, 06 artifacts, 13 food, 20 plants, …"""


def read_nouns(folder: Path) -> dict[int, Synset]:
    """The noun synsets of `data.noun` (wndb(5WN)) by their offsets."""
    synsets = {}
    for line in (folder / 'data.noun').read_text(encoding='utf-8').splitlines():
        if line.startswith(' '):
            continue  # The licence.
        fields = line.split(' | ')[0].split()
        count = int(fields[3], 16)
        lemmas = tuple(fields[4 + 2 * i] for i in range(count))
        pointers = fields[5 + 2 * count :]
        above = tuple(
            int(pointers[4 * i + 1])
            for i in range(int(fields[4 + 2 * count]))
            if pointers[4 * i] in ('@', '@i') and pointers[4 * i + 2] == 'n'
        )
        synsets[int(fields[0])] = Synset(lemmas, above, int(fields[1]))
    return synsets


def read_irregular(folder: Path) -> dict[str, list[str]]:
    """Irregular plurals by their singular, from `noun.exc`."""
    plurals: dict[str, list[str]] = {}
    for line in (folder / 'noun.exc').read_text(encoding='utf-8').splitlines():
        plural, *singulars = line.split()
        for singular in singulars:
            plurals.setdefault(singular, []).append(plural)
    return plurals


def last_word(lemma: str) -> str:
    """ "magnetic_compass" to "compass", "six-gun" to "gun"."""
    words = words_of(lemma.replace('_', ' ').replace('-', ' '))
    return words[-1] if words else ''


def own_words(synset: Synset, counts: Counter[str]) -> list[str]:
    """A class's names without Latin ones; of names of several words the last."""
    plain = [lemma for lemma in synset.lemmas if not is_latin(lemma, counts)]
    words = map(last_word, plain or synset.lemmas[:1])
    return list(dict.fromkeys(word for word in words if len(word) > 1))


def is_latin(lemma: str, counts: Counter[str]) -> bool:
    """ "Carassius_auratus": a capital, and no English word at the end ("African_elephant")."""
    first, _, rest = lemma.partition('_')
    english = rest and counts[rest.split('_')[-1].lower()] >= ENGLISH
    return first[:1].isupper() and '-' not in first and rest.islower() and not english


def class_words(labels: list[str], folder: Path, counts: Counter[str]) -> list[dict[str, object]]:
    """For each label its words with strengths, strongest first, and its WordNet domain."""
    synsets = read_nouns(folder)
    by_lemmas: dict[str, list[int]] = {}
    for offset, synset in synsets.items():
        key = ', '.join(synset.lemmas).replace('_', ' ').lower()
        by_lemmas.setdefault(key, []).append(offset)
    irregular = read_irregular(folder)
    classes = []
    used: Counter[str] = Counter()
    for label in labels:
        places = by_lemmas.get(label.lower(), [])
        if not places:
            raise SystemExit(f'WordNet has no synset "{label}"; is it version 3.0?')
        # Two classes can have the same label ("crane", a bird and a machine); ImageNet's order is
        # that of WordNet's offsets, animals first.
        candidates = [p for p in places if synsets[p].domain in (5, 6, 8, 13, 17, 18, 20)] or places
        place = sorted(candidates)[min(used[label], len(candidates) - 1)]
        used[label] += 1
        words: dict[str, float] = {}
        for word in own_words(synsets[place], counts):
            words[word] = 1.0
        level, strength = synsets[place].above, STEP
        while level:
            for offset in level:
                for i, lemma in enumerate(synsets[offset].lemmas):
                    # Of names of several words the first alone: a "musical instrument" is an
                    # instrument, but a vegetable, "garden truck", is no truck.
                    word = last_word(lemma) if '_' in lemma and i == 0 else lemma.lower()
                    if word not in EMPTY and counts[word] >= COMMON:
                        words.setdefault(word, strength)
            level = tuple(o for offset in level for o in synsets[offset].above)
            strength *= STEP
        classes.append(
            {
                'label': label,
                'domain': synsets[place].domain,
                'words': {word: round(value, 4) for word, value in words.items()},
                'plurals': {w: irregular[w] for w in words if w in irregular},
            }
        )
    return classes


def count_words(sentences: Path) -> Counter[str]:
    """In how many sentences each word is."""
    counts: Counter[str] = Counter()
    with gzip.open(sentences, 'rt', encoding='utf-8') as lines:
        for line in lines:
            counts.update(set(words_of(line)))
    return counts


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--wordnet', type=Path, default=Path('/usr/share/wordnet'))
    parser.add_argument('--labels', type=Path, required=True)
    parser.add_argument('--sentences', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    labels = args.labels.read_text(encoding='utf-8').strip().split('\n')
    classes = class_words(labels, args.wordnet, count_words(args.sentences))
    args.out.write_text(json.dumps(classes, indent=1))
    print(f'{len(classes)} classes, {len({w for c in classes for w in c["words"]})} words')


if __name__ == '__main__':
    main()
