"""Train the model of what is put under a licence (data_platform/licenses/taught.py) and write its weights.

labels/license_grants.txt holds patterns of sentences that name a licence, in the languages that notices are read in,
by what they put under it; each is expanded at random. Sentences of articles of the crawl (--data) are cut where a
licence might have been named: whatever they speak of, it is no grant. The words that the model knows are those of the
patterns. The table is of a model that was trained without a tenth of the patterns, chosen by their hash: how many of
these and of the others are taken for what they are, and for a grant of the whole; the weights that are written know
all.

    python -m benchmarks.train_license_grants [--data FOLDER]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.common import parser, show
from benchmarks.sentences import Sentence, fit, matrix, of_patterns, shares
from benchmarks.train_license_neighbours import of_pages
from data_platform.licenses.grant import OTHER, WHOLE
from data_platform.licenses.taught import CLASSES, MODEL, SLOTS, grant_slots
from data_platform.licenses.votes import CJK, NAME, OWN, PREFIX, STEP, WORD, read_words

PATTERNS = Path(__file__).parent / "labels" / "license_grants.txt"
PER_PATTERN = 90
"""Sentences that a pattern is expanded to at most."""
PLACEHOLDERS = {"N": [NAME], "O": [OWN], "W": [WORD]}
LICENSE, GOES_ON = "@", ";;"
WEIGHT_OF_PAGES = 0.3
DOUBT = {OTHER: -11 * STEP}
"""Added to the bias: patterns of what is no grant are many more than those of grants, and lean too far to doubt: at 0
one grant in five hundred of labels/awkward_pages.jsonl is lost, and no page is freer at either."""


@dataclass(frozen=True)
class Example:
    """A sentence with its label, what stands before and behind the licence and before it all, and where it stands."""

    sentence: Sentence
    sides: tuple[str, str, str]
    in_footer: bool


def main() -> None:
    """Print what a model without the kept patterns makes of all, train one with them, and write it."""
    options = parser(__doc__).parse_args()
    patterns = list(of_both_places(of_patterns(PATTERNS, PER_PATTERN, PLACEHOLDERS)))
    known = known_words(patterns)
    examples = [*patterns, *of_articles(options.data)]
    sentences = [one.sentence for one in examples]
    rows = matrix([grant_slots(before, after, frozenset(), previous, in_footer=one.in_footer, known=known)
                   for one in examples for before, after, previous in (one.sides,)], SLOTS)
    shown = np.array([not one.held_out for one in sentences])
    found = classify(rows, train(rows[shown], [one for one in sentences if not one.held_out]))
    right = [one.label == label for one, label in zip(sentences, found, strict=True)]
    show("Taken for what they are", ("kind", "sentences", "taken", "share"), list(shares(sentences, right)))
    show("Taken for a grant of the whole", ("kind", "sentences", "taken", "share"),
         list(shares(sentences, [label == WHOLE for label in found])))
    hashes = np.array(sorted(crc32(word.encode()) for word in known), dtype=np.uint32)
    np.savez_compressed(MODEL, weights=train(rows, sentences), known=hashes)


def known_words(examples: Iterable[Example]) -> frozenset[str]:
    """Every word of the patterns, the beginnings of the longer ones, and every character of CJK."""
    words = {word for one in examples for side in one.sides for word in read_words(side)}
    beginnings = {f"{word[:PREFIX]}-" for word in words if len(word) > PREFIX}
    return frozenset(words | beginnings | {char for word in words if CJK.match(word) for char in word})


def of_both_places(patterns: Iterable[Sentence]) -> Iterator[Example]:
    """Sentences of patterns in the footer of a page or elsewhere; what is a name of the site's in footers, in both."""
    for one in patterns:
        before, _, after = one.text.partition(LICENSE)
        previous, _, before = before.rpartition(GOES_ON)
        sides = (before, after, previous)
        if one.label == "site":
            yield Example(replace(one, label=WHOLE), sides, True)
            yield Example(replace(one, label=OTHER), sides, False)
        else:
            yield Example(one, sides, bool(crc32(one.text.encode()) % 2))


def of_articles(data: Path) -> Iterator[Example]:
    """Sentences of a crawl, cut where a licence might have been named."""
    for one in of_pages(data):
        if one.kind == "content":
            words, drawn = one.text.split(), crc32(one.text.encode())
            at = drawn % (len(words) + 1)
            said = replace(one, label=OTHER, weight=WEIGHT_OF_PAGES)
            yield Example(said, (" ".join(words[:at]), " ".join(words[at:]), ""), bool(drawn // 7 % 2))


def train(rows: csr_matrix, sentences: Sequence[Sentence]) -> np.ndarray:
    """Weights by class and slot, each class against all others, as int8."""
    weights = [one.weight for one in sentences]
    return np.stack([
        fit(rows, [one.label == name for one in sentences], weights, DOUBT.get(name, 0.0)) for name in CLASSES
    ])


def classify(rows: csr_matrix, weights: np.ndarray) -> list[str]:
    """The class of every row that has most for it."""
    scores = rows @ (weights[:, :-1].T * STEP) + weights[:, -1] * STEP
    return [CLASSES[at] for at in scores.argmax(axis=1)]


if __name__ == "__main__":
    main()
