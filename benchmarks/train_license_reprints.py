"""Train the model of lines on texts of somebody else (data_platform/licenses/reprint.py) and write its weights.

labels/reprints.txt holds patterns of lines that say that a text is somebody else's (reprint) and of such that leave it
the page's own (harmless), in the languages that notices are read in; each is expanded at random. Two sources add what
people write about anything, as harmless: the short paragraphs of the pages of a crawl, without those that may well
credit their text (`MAY_CREDIT`), and the sentences of lingua's test data in eighteen languages. The words that the
model knows are those of the patterns, without their lists of names.

The table is of a model that was trained without a tenth of the patterns, chosen by their hash, without half of the
hosts of the crawl and half of the sentences: how many of these and of the others are taken for reprints. The weights
that are written know all.

    python -m benchmarks.train_license_reprints [--data FOLDER]
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.parse.html import DOMNode, HTMLTree
from scipy.sparse import csr_matrix

from benchmarks.common import parser, show
from benchmarks.license_detection import half_of
from benchmarks.sentences import Sentence, fit, matrix, of_patterns, shares
from data_platform.licenses import prose
from data_platform.licenses.place import PLACES_ASKED, credited, forget_nodes, lines, own_names, place
from data_platform.licenses.reprint import MAX_LINE, MODEL, sentence_slots
from data_platform.licenses.votes import PREFIX, STEP, plain_words, read_words

PATTERNS = Path(__file__).parent / "labels" / "reprints.txt"
ARCHIVES = ("pages-2020.warc.gz", "pages-2024.warc.gz")
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "zh", "sv", "da", "nb", "fi", "cs", "ru", "ko")
PER_PATTERN = 50
"""Lines that a pattern is expanded to at most."""
WEIGHT_OF_PAGES = 1.5
"""What a sentence that somebody wrote counts for, beside one of a pattern."""
MAY_CREDIT = re.compile(
    r"©|\(c\)|copyright|^\W*(?:text)?(?:quelle|source|fuente|fonte|bron|źródło)\b|\b(?:dpa|AFP|AP|Reuters|PAP|ots)\b|"
    r"courtesy|republished|pressemitteilung|gast(?:beitrag|artikel)|guest post|sponsored|lizenziert|recht zur veröff|"
    r"additional reporting|original-kommentar|^aus: das|(?:excerpt|chapter) from the book|^via |刊于|rechte bei", re.I,
)
"""What stands in lines of the crawl that credit a text or may do so: they are taught as neither."""
NAMES = ("FIRST", "LAST", "STEM", "ODD")
"""Lists of words that the model must not know: they are names of persons, houses and papers."""
DOUBT = 0.0
"""Added to the bias: more makes more lines of articles reprints, less makes fewer."""


def main() -> None:
    """Print what a model without the kept patterns and hosts takes for reprints, train one with all, and write it."""
    options = parser(__doc__).parse_args()
    common = lists_of_all(PATTERNS)
    own = frozenset(name.lower() for name in common["OWN"])
    patterns = list(of_patterns(PATTERNS, PER_PATTERN, common))
    known = known_words(patterns, common)
    examples = [*((one, own) for one in patterns), *of_pages(options.data),
                *((one, frozenset()) for one in of_languages(options.data))]
    sentences, owners = zip(*examples, strict=True)
    slots = [sentence_slots(one.text, names, known) for one, names in zip(sentences, owners, strict=True)]
    used = [at for at, one in enumerate(slots) if one]
    sentences, rows = [sentences[at] for at in used], matrix([slots[at] for at in used])
    shown = np.array([not one.held_out for one in sentences])
    weights = train(rows[shown], [one for one in sentences if not one.held_out])
    taken = rows @ (weights[:-1] * STEP) + weights[-1] * STEP > 0
    show("Taken for reprints", ("kind", "sentences", "taken", "share"), list(shares(sentences, taken)))
    hashes = np.array(sorted(crc32(word.encode()) for word in known), dtype=np.uint32)
    np.savez_compressed(MODEL, weights=train(rows, sentences), known=hashes)


def lists_of_all(file: Path) -> dict[str, list[str]]:
    """The lists of a file of patterns that every language uses: those of its section [all names]."""
    section = file.read_text("utf-8").partition("\n[all names]\n")[2].partition("\n[")[0]
    return {name: items.split(" | ") for name, items in re.findall(r"^([A-Z]+) = (.*)$", section, re.M)}


def known_words(patterns: Sequence[Sentence], common: dict[str, list[str]]) -> frozenset[str]:
    """Every word of the patterns that is no name, and the beginnings of the longer ones."""
    names = {word for name in NAMES for item in common[name] for word in plain_words(item)}
    names |= {word for name in common["OWN"] for word in plain_words(name)}
    words = {word for one in patterns for word in read_words(one.text)} - names
    return frozenset(words | {f"{word[:PREFIX]}-" for word in words if len(word) > PREFIX})


def of_pages(data: Path) -> Iterator[tuple[Sentence, frozenset[str]]]:
    """The sentences of short lines of a crawl outside of menus and comments, and what their pages call themselves."""
    for name in ARCHIVES:
        with (data / "warc" / name).open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                url = record.headers["WARC-Target-URI"]
                document = HTMLTree.parse_from_bytes(record.reader.read()).document
                names = own_names(document, url) | credited(document)
                held_out = half_of(url) == "reporting"
                for sentence, kind in dict(_asked(document)).items():
                    yield Sentence(sentence, "harmless", WEIGHT_OF_PAGES, f"page {kind}", held_out), names
                forget_nodes()


def _asked(document: DOMNode) -> Iterator[tuple[str, str]]:
    """The sentences of the short lines of a page, with the kind of place that they stand in."""
    for node, line in lines(document):
        where = place(node)
        if len(line) > MAX_LINE or where not in PLACES_ASKED or any(True for _ in prose.mentions(line)):
            continue
        kind = "notice" if where == "site" else "article"
        yield from ((sentence, kind) for sentence in prose.sentences(line) if not MAY_CREDIT.search(sentence))


def of_languages(data: Path) -> Iterator[Sentence]:
    """Sentences of each language, half of them held out."""
    with tarfile.open(data / "langid" / "lingua-testdata.tar.xz") as archive:
        for language in LANGUAGES:
            for text in archive.extractfile(f"sentences/{language}.txt").read().decode().splitlines():
                held_out = crc32(text.encode()) % 2 == 0
                yield Sentence(text, "harmless", WEIGHT_OF_PAGES, "sentences of lingua", held_out)


def train(rows: csr_matrix, sentences: Sequence[Sentence]) -> np.ndarray:
    """Weights by slot, the bias last, as int8."""
    return fit(rows, [one.label == "reprint" for one in sentences], [one.weight for one in sentences], DOUBT)


if __name__ == "__main__":
    main()
