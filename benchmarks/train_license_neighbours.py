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

from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.html import HTMLTree

from benchmarks.common import parser, show
from benchmarks.sentences import Sentence, fit, matrix, of_patterns, shares
from data_platform.licenses import prose
from data_platform.licenses.neighbours import WEIGHTS, sentence_slots
from data_platform.licenses.place import every, forget_nodes, place
from data_platform.licenses.restriction import restriction
from data_platform.licenses.votes import STEP

PATTERNS = Path(__file__).parent / "labels" / "license_neighbours.txt"
PER_PATTERN = 160
"""Sentences that a pattern is expanded to at most."""
ARCHIVES = ("pages-2020.warc.gz", "pages-2024.warc.gz")
WEIGHT_OF_PAGES = {"site": 0.2, "elsewhere": 0.2, "content": 0.08}
"""What a sentence of a page counts for, beside one of a pattern, by where it stands."""
DOUBT = 1.5
"""Added to the bias: what is not known leaves a doubt."""
OF_ARTICLES = 6
"""One paragraph of an article in so many is read."""
MAX_SENTENCE = 400
_BLOCKS = "p,li,div,span,td,dd,address,small"
_INNER = "p,div,li,ul,table,h1,h2,h3,h4,form,section"


def main() -> None:
    """Print what a model without the kept patterns takes for a limit, train one with them, and write its weights."""
    options = parser(__doc__).parse_args()
    sentences = [*of_patterns(PATTERNS, PER_PATTERN), *of_pages(options.data)]
    weights = train([one for one in sentences if not one.held_out])
    taken = _scores(sentences, weights) > 0
    show("Taken for a limit", ("kind", "sentences", "taken", "share"), list(shares(sentences, taken)))
    np.save(WEIGHTS, train(sentences), allow_pickle=False)


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
                            yield Sentence(sentence, "harmless", WEIGHT_OF_PAGES[where], where)


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
    """Weights by slot in steps of `STEP`, the bias last, as int8: what is above 0 limits."""
    slots = [sentence_slots(one.text) for one in sentences]
    return fit(matrix(slots), [one.label == "limit" for one in sentences], [one.weight for one in sentences], DOUBT)


def _scores(sentences: Sequence[Sentence], weights: np.ndarray) -> np.ndarray:
    return matrix([sentence_slots(one.text) for one in sentences]) @ (weights[:-1] * STEP) + weights[-1] * STEP


if __name__ == "__main__":
    main()
