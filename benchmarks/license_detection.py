"""Licences of pages and of licence texts: precision, recall and exactness against annotations, beside a peer.

Pages: trafilatura's evaluation pages (html-gt/trafilatura-eval/pages.tsv, pages of 2020 and 2024), whose annotators
noted the Creative Commons licence of 64 and none for 782, one of which is not in the archives. A page counts as found
if its evidence resolves to a Creative Commons licence; a hit is exact if the SPDX expression is the annotated one,
version and jurisdiction included. Where the annotation names no version, the elements have to agree; where SPDX has
no identifier for a jurisdiction, both are read as the unported licence. The peer is the usual regular expression: any
address of a licence at creativecommons.org.

Hosts are split in two by a hash. Rules were written and tuned on errors in the tuning half alone; the other half was
first looked at when they were finished, and what was changed since then narrows what prose may grant; it moved the
figures by one page, whose photograph was credited in what Elementor calls a widget. The annotation overlooks licences,
so every page on which it, the peer or the platform differ was read once more, and a ruling with its reason is kept in
labels/license_pages.tsv where the annotation is wrong: a page is under a licence if it says so of its text, of all its
contents or of the whole site. Figures are given against the annotation as it is, and against the rulings. The rulings
were made by the authors of the rules, so that the figures against them are the less independent ones.

Licence texts: the LICENSE files of the installed distributions that declare exactly one licence with an SPDX
expression or an unambiguous classifier; what they declare is taken for the truth. A text that holds another licence,
too, bundles the terms of what is vendored, so that 'false' there is mostly a truth that the metadata leave out.

Heads of source files: those of the same distributions in which a usual phrase of a licence stands ('Licensed under',
'Redistribution and use', an SPDX tag). Recall is the share of them that is read, precision the share of what is read
that names the declared licence; files taken over from others under their own licence count as wrong.

    python -m benchmarks.license_detection [--data FOLDER] [--errors tuning|reporting|both]
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType

from benchmarks.common import parser, show
from data_platform.licenses import file_header, html
from data_platform.licenses.license_text import recognize
from data_platform.licenses.resolve import Statement, decide
from data_platform.spdx.expressions import NAMED, UNKNOWN, conjunction, family, identifiers_of, normalize, read

PRECISION = RECALL = 0.90
EXACT = 0.85
RULINGS = Path(__file__).parent / "labels" / "license_pages.tsv"
_PEER = re.compile(rb"creativecommons\.org/(?:licen[sc]es|publicdomain)/[a-z-]+(?:/\d\.\d)?(?:/[a-z]{2}\b)?", re.I)
_PHRASE = re.compile(
    rb"SPDX-License-Identifier:|licensed under (?:the )?(?:Apache|MIT|BSD|GNU|GPL|LGPL|Mozilla|MPL)|"
    rb"redistribution and use in source and binary forms|permission is hereby granted|"
    rb"terms of (?:version \d[\d.]* of )?the GNU (?:lesser |library |affero )?general public license", re.I,
)
_SOURCE_FILE = re.compile(r"\.(?:py|pyi|pyx|c|cc|cpp|h|hpp|cu|cuh|js|ts|rs|java|go|f90?|S)$")
_LICENSE_FILE = re.compile(r"(?:^|/)(?:licen[sc]e|copying)[^/]*$", re.I)


@dataclass(frozen=True)
class Page:
    """An annotated page. `truth` and `ruled` are SPDX or ''; `found` is what each system says."""

    url: str
    half: str
    truth: str
    ruled: str
    found: dict[str, str]


def main() -> None:
    """Print the tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--errors", choices=("tuning", "reporting", "both"), help="list the pages in error, too")
    options = arguments.parse_args()
    pages, speed = annotated_pages(options.data)
    rows = []
    for name, truth in (("annotation", "truth"), ("rulings", "ruled")):
        for half in ("tuning", "reporting", "both"):
            chosen = [page for page in pages if half in (page.half, "both")]
            rows += [[name, half, system, *score(chosen, truth, system)] for system in ("platform", "any CC link")]
    show(
        f"'This page is under this licence' on {len(pages)} annotated pages; bars: precision {PRECISION}, recall "
        f"{RECALL}, exact {EXACT}",
        ("truth", "half", "system", "hits", "false", "missed", "precision", "recall", "exact", "of hits"), rows,
    )
    show("Confusion, both halves against the rulings: rows are the ruling, columns the platform",
         *_confusion([(page.ruled, page.found["platform"]) for page in pages]))
    show("Speed, processor time of one core", ("pages", "MB", "ms per page", "MB/s"), [speed])
    if options.errors:
        show("Pages in error against the annotation", ("half", "annotated", "found", "ruled", "url"),
             [[page.half, page.truth, page.found["platform"], page.ruled, page.url] for page in pages
              if options.errors in (page.half, "both") and bool(page.truth) != bool(page.found["platform"])])
    texts = list(license_texts())
    show(f"Licence texts of {len(texts)} distributions with one declared licence; bars as above", _TEXT_HEADERS,
         [_score_texts(texts)])
    show("Confusion of licence texts: rows are what is declared", *_confusion(texts))
    heads = list(license_heads())
    show(f"Heads of {len(heads)} source files with a phrase of a licence", ("heads", *_TEXT_HEADERS[1:5]),
         [_score_heads(heads)])
    show("Heads that name another licence than the distribution", *_confusion(
        [(truth, found) for truth, found in heads if found != UNKNOWN and not _agrees(truth, found)]))


def annotated_pages(data: Path) -> tuple[list[Page], list[float]]:
    """The annotated pages with what is found on each, and the speed of finding it: pages, MB, ms per page, MB/s."""
    with (data / "html-gt" / "trafilatura-eval" / "pages.tsv").open(newline="") as stream:
        annotated = {
            row["sha256"]: row["licence_norm"] for row in csv.DictReader(stream, delimiter="\t")
            if row["licence_annotated"] not in ("(not annotated)", "DE")  # 'DE', three times, is no licence
        }
    with RULINGS.open(newline="") as stream:
        rulings = {row["url"]: row["ruling"] for row in csv.DictReader(stream, delimiter="\t")}
    pages: list[tuple[str, str, bytes]] = []
    for name in ("pages-2020.warc.gz", "pages-2024.warc.gz"):
        with (data / "warc" / name).open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                payload = record.reader.read()
                truth = annotated.get(hashlib.sha256(payload).hexdigest())
                if truth is not None:
                    pages.append((record.headers["WARC-Target-URI"], truth, payload))
    html.observations(pages[0][2])
    read("CC BY 4.0")
    started = time.process_time()
    hinted = html.hints(pa.array([payload for _, _, payload in pages], pa.large_binary()))
    seen = [html.observations(payload, hints, url) for (url, _, payload), hints in zip(pages, hinted, strict=True)]
    seconds = time.process_time() - started
    megabytes = sum(len(payload) for _, _, payload in pages) / 1e6
    result = []
    for (url, truth, payload), observations in zip(pages, seen, strict=True):
        decision = decide([Statement(one.location, one.scope, one.license_spdx, one.confidence)
                           for one in observations])
        spdx = normalize(truth) if truth else ""
        result.append(Page(
            url, half_of(url), spdx, _ruling(rulings.get(url), spdx),
            {"platform": decision.license_spdx if _claims_creative_commons(decision.license_spdx) else "",
             "any CC link": _peer(payload)},
        ))
    return result, [len(pages), megabytes, 1e3 * seconds / len(pages), megabytes / seconds]


def half_of(url: str) -> str:
    """'tuning' or 'reporting', by a hash of the host."""
    return ("tuning", "reporting")[hashlib.sha256((urlsplit(url).hostname or "").encode()).digest()[0] % 2]


def score(pages: Sequence[Page], truth: str, system: str) -> list[float]:
    """Hits, false, missed, precision, recall, exact, share of exact among hits."""
    hits = [page for page in pages if getattr(page, truth) and page.found[system]]
    false = sum(1 for page in pages if not getattr(page, truth) and page.found[system])
    missed = sum(1 for page in pages if getattr(page, truth) and not page.found[system])
    exact = sum(same(getattr(page, truth), page.found[system]) for page in hits)
    return [len(hits), false, missed, len(hits) / max(1, len(hits) + false), len(hits) / max(1, len(hits) + missed),
            exact, exact / max(1, len(hits))]


def same(truth: str, found: str) -> bool:
    """Whether the expressions are equal; where the truth names no version, whether the licence's family is."""
    if truth.startswith("LicenseRef-cc-") and found != truth:
        return family(truth) == family(found) if len(identifiers_of(found)) == 1 else False
    return truth == found


def _ruling(ruling: str | None, annotated: str) -> str:
    if ruling is None:
        return annotated
    return "" if ruling == "none" else normalize(ruling)


def _claims_creative_commons(spdx: str) -> bool:
    """Whether the decision is a Creative Commons licence. With something unreadable beside it, it is 'unknown'."""
    named = identifiers_of(spdx)
    return UNKNOWN not in named and any(name.startswith(("CC-", "CC0", "LicenseRef-cc-")) for name in named)


def _peer(payload: bytes) -> str:
    """The first Creative Commons licence that is linked to anywhere."""
    match = _PEER.search(payload)
    return normalize(f"https://{match[0].decode('latin-1')}/") if match else ""


def license_texts() -> Iterator[tuple[str, str]]:
    """Declared licence and recognised licence of every LICENSE file that stands alone in its distribution."""
    for distribution, declared in _declared():
        files = [file for file in distribution.files or () if _LICENSE_FILE.search(str(file))
                 and ".dist-info/" in str(file)]
        if len(files) == 1 and (path := Path(distribution.locate_file(files[0]))).is_file():
            yield declared, recognize(path.read_text("utf-8", "replace")).spdx


def license_heads() -> Iterator[tuple[str, str]]:
    """Declared licence and what is read, per source file whose head holds a phrase of a licence."""
    for distribution, declared in _declared():
        for file in distribution.files or ():
            path = Path(distribution.locate_file(file))
            if not _SOURCE_FILE.search(path.name) or not path.is_file():
                continue
            with path.open("rb") as stream:
                head = stream.read(file_header.HEAD_BYTES)
            if _PHRASE.search(head):
                found = [one.license_spdx for one in file_header.observations(head, notices=True)]
                yield declared, conjunction(found)


def _declared() -> Iterator[tuple[importlib.metadata.Distribution, str]]:
    """The installed distributions that declare one licence without doubt."""
    for distribution in importlib.metadata.distributions():
        metadata = distribution.metadata
        stated = metadata.get("License-Expression") or ""
        classifiers = [value for value in metadata.get_all("Classifier") or () if value.startswith("License ::")]
        reading = read(stated) if stated else read(classifiers[0]) if len(classifiers) == 1 else None
        if reading is not None and reading.confidence >= NAMED and len(identifiers_of(reading.spdx)) == 1:
            yield distribution, reading.spdx


_TEXT_HEADERS = ("texts", "recognised", "right", "precision", "recall", "name it among others")


def _score_texts(texts: Sequence[tuple[str, str]]) -> list[float]:
    """A text is right if the licence is the declared one, a GNU text also for 'or later', which it cannot say."""
    recognised = [pair for pair in texts if pair[1] != UNKNOWN]
    right = sum(_agrees(truth, found) for truth, found in recognised)
    among = sum(truth in identifiers_of(found) and truth != found for truth, found in recognised)
    return [len(texts), len(recognised), right, right / max(1, len(recognised)), right / max(1, len(texts)), among]


def _score_heads(heads: Sequence[tuple[str, str]]) -> list[float]:
    recognised = [pair for pair in heads if pair[1] != UNKNOWN]
    right = sum(_agrees(truth, found) for truth, found in recognised)
    return [len(heads), len(recognised), right, right / max(1, len(recognised)), len(recognised) / max(1, len(heads))]


def _agrees(truth: str, found: str) -> bool:
    return truth == found or truth.replace("-or-later", "-only") == found.replace("-or-later", "-only")


def _confusion(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[list[object]]]:
    """Headers and rows of a confusion table; what is neither stated nor found is 'none'."""
    counted = Counter((truth or "none", found or "none") for truth, found in pairs)
    rows = [[truth, found, number, "" if truth == found else "*"] for (truth, found), number in
            sorted(counted.items(), key=lambda item: (item[0][0], -item[1]))]
    return ["truth", "found", "number", "differs"], rows


if __name__ == "__main__":
    main()
