"""Train the model of sentences beside licences (data_platform/licenses/neighbours.py) and write its weights.

Sentences come from two places. labels/license_neighbours.txt holds patterns of sentences that limit a licence and of
such that leave it as it is, in the languages that notices are read in; each pattern is expanded at random. Pages of
the crawl (--data) add what really stands in footers and sidebars and leaves licences as they are: all in which
`restriction` finds nothing; and one in a few of the paragraphs of their articles, which speak of anything. The
table is of a model that was trained without a tenth of the patterns, chosen by their
hash, and gives how many of these and of the others are taken for limits; the weights that are written know all.

    python -m benchmarks.train_license_neighbours [--data FOLDER]
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.html import HTMLTree
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from benchmarks.common import parser, show
from data_platform.licenses import prose
from data_platform.licenses.neighbours import SLOTS, STEP, WEIGHTS, slots_of
from data_platform.licenses.place import every, forget_nodes, place
from data_platform.licenses.restriction import restriction

PATTERNS = Path(__file__).parent / "labels" / "license_neighbours.txt"
PER_PATTERN = 160
"""Sentences that a pattern is expanded to at most."""
ARCHIVES = ("pages-2020.warc.gz", "pages-2024.warc.gz")
HELD_OUT = 10
"""One pattern in so many is kept out of training."""
WEIGHT_OF_PAGES = {"site": 0.2, "elsewhere": 0.2, "content": 0.08}
"""What a sentence of a page counts for, beside one of a pattern, by where it stands."""
DOUBT = 1.5
"""Added to the bias: what is not known leaves a doubt."""
OF_ARTICLES = 6
"""One paragraph of an article in so many is read."""
MAX_SENTENCE = 400
_BLOCKS = "p,li,div,span,td,dd,address,small"
_INNER = "p,div,li,ul,table,h1,h2,h3,h4,form,section"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"<([A-Z]+)>")


@dataclass(frozen=True)
class Sentence:
    """A sentence, whether it limits, what it counts for, and whether it is kept out of training."""

    text: str
    limits: bool
    weight: float
    kind: str
    held_out: bool = False


def main() -> None:
    """Print what a model without the kept patterns takes for a limit, train one with them, and write its weights."""
    options = parser(__doc__).parse_args()
    sentences = [*of_patterns(PATTERNS), *of_pages(options.data)]
    weights = train([one for one in sentences if not one.held_out])
    show("Taken for a limit", ("kind", "sentences", "taken", "share"), list(_shares(sentences, weights)))
    np.save(WEIGHTS, train(sentences), allow_pickle=False)


def of_patterns(file: Path) -> Iterator[Sentence]:
    """The sentences of a file of patterns, equally many per pattern if it has as many."""
    lists: dict[str, list[str]] = {}
    language = label = ""
    for line in file.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if opened := re.fullmatch(r"\[(\w+) (\w+)\]", line):
            if opened[1] != language:
                lists = {}
            language, label = opened[1], opened[2]
        elif named := re.match(r"([A-Z]+) = (.*)", line):
            lists[named[1]] = named[2].split(" | ")
        else:
            draw = random.Random(line)
            texts = {expand(line, lists, draw) for _ in range(PER_PATTERN)}
            held_out = crc32(line.encode()) % HELD_OUT == 0
            # What is printed in one wording counts as much as a few dozen of the many wordings of another pattern.
            weight = (PER_PATTERN / len(texts)) ** 0.5
            for text in sorted(texts):
                yield Sentence(text, label == "limit", weight, f"{language} {label}", held_out)


def expand(pattern: str, lists: dict[str, list[str]], draw: random.Random) -> str:
    """One sentence of a pattern: <NAME> is one of a list, {a|b} one of its choices, inner ones first."""
    while True:
        if match := _CHOICE.search(pattern):
            chosen = draw.choice(match[1].split("|"))
        elif match := _NAME.search(pattern):
            chosen = draw.choice(lists[match[1]])
        else:
            return " ".join(pattern.split())
        pattern = pattern[:match.start()] + chosen + pattern[match.end():]


def of_pages(data: Path) -> Iterator[Sentence]:
    """What stands in notices of the pages of a crawl, outside of its articles, and in some of their paragraphs."""
    seen: set[str] = set()
    for name in ARCHIVES:
        with (data / "warc" / name).open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                for where, text in _blocks(record.reader.read()):
                    for sentence in prose.sentences(text):
                        if sentence not in seen and len(sentence) <= MAX_SENTENCE and restriction(sentence) is None:
                            seen.add(sentence)
                            yield Sentence(sentence, False, WEIGHT_OF_PAGES[where], where)


def _blocks(payload: bytes) -> Iterator[tuple[str, str]]:
    """The place and text of blocks that hold no other: those outside of articles, and some of those in them."""
    for node in every(HTMLTree.parse_from_bytes(payload).document, _BLOCKS, 4_000):
        where = place(node)
        if where == "content" and crc32(node.text.encode("utf-8", "replace")) % OF_ARTICLES:
            continue
        if where in ("site", "elsewhere", "content") and node.query_selector(_INNER) is None:
            yield where, node.text
    forget_nodes()


def train(sentences: Sequence[Sentence]) -> np.ndarray:
    """Weights by slot in steps of `STEP`, the bias last, as int8."""
    model = LogisticRegression(C=20.0, max_iter=300, solver="liblinear")
    model.fit(_matrix(sentences), [one.limits for one in sentences], [one.weight for one in sentences])
    exact = np.append(model.coef_[0], model.intercept_ + DOUBT)
    return np.clip(np.rint(exact / STEP), -127, 127).astype(np.int8)


def _matrix(sentences: Sequence[Sentence]) -> csr_matrix:
    slots = [slots_of(one.text) for one in sentences]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in slots])])
    values = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in slots if one])
    return csr_matrix((values, np.concatenate([one for one in slots if one]), starts), shape=(len(slots), SLOTS))


def _shares(sentences: Sequence[Sentence], weights: np.ndarray) -> Iterator[list]:
    scores = _matrix(sentences) @ (weights[:-1] * STEP) + weights[-1] * STEP
    taken: dict[str, list[bool]] = defaultdict(list)
    for one, score in zip(sentences, scores, strict=True):
        taken[f"{one.kind}{', held out' if one.held_out else ''}"].append(score > 0)
    for kind, found in sorted(taken.items()):
        yield [kind, len(found), sum(found), sum(found) / len(found)]


if __name__ == "__main__":
    main()
