"""Personal data: recall and precision per type on labelled sentences, and speed on real pages.

The sentences are Presidio's synthetic set (labels/pii, 1,500 sentences, 2,863 spans of 17 types). Five of the types
have a form that `data_platform.methods.edits.personal_data` looks for: EMAIL_ADDRESS, PHONE_NUMBER, IP_ADDRESS,
IBAN_CODE and CREDIT_CARD map to EMAIL, PHONE, IP, IBAN and CREDIT_CARD. A label is found if one span of its type
covers all of it:
what is left uncovered stays in the text. A span is right if it meets a label of its type.

What to know of the labels: they are made from a few dozen templates, so that figures near 1 say little of the web;
every card number passes Luhn, but some are of issuers and lengths that are no longer or not yet given out; all IBANs
are British; telephone numbers are made up in the national formats of many countries and often stand in sentences that
say nothing of a telephone.

Beside us: `PIIFormatter` of datatrove (e-mail and IPv4), and `phonenumbers` (libphonenumber) if it is installed. The
phones of real pages have no labels; `--show N` prints N of each type that are found there, for people to judge.

    python -m benchmarks.pii [--data FOLDER] [--show N]
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa

from benchmarks.common import parser, peers_python, run_measured, show
from benchmarks.refinement import pages
from data_platform.core.kinds.editor import PERSONAL_TYPES
from data_platform.methods.edits.personal_data import find_personal_data

TYPES = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IP_ADDRESS": "IP", "IBAN_CODE": "IBAN",
    "CREDIT_CARD": "CREDIT_CARD",
}
Found = list[tuple[int, int, str]]
"""Spans of one text: start and end in bytes, and type."""


def main() -> None:
    """Print both tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--show", type=int, default=0, help="print so many finds of each type on real pages")
    options = arguments.parse_args()
    rows = json.loads((options.data / "labels" / "pii" / "presidio-synth_dataset_v2.json").read_text("utf-8"))
    sentences, corpus = [row["full_text"] for row in rows], [text for text in pages(options.data) if text]
    systems = _systems()
    quality = [
        [system, *line] for system, find in systems.items() for line in _score(rows, find(sentences)[0])
    ]
    show(
        "Personal data in 1,500 labelled sentences",
        ("system", "type", "labels", "found", "recall", "spans", "right", "precision"), quality,
    )
    speed = []
    for system, find in systems.items():
        texts = corpus[::10] if "phonenumbers" in system else corpus
        find(texts[:20])
        size = sum(len(text.encode()) for text in texts) / 1e6
        speed.append([system, len(texts), size, size / find(texts)[1]])
    show("Scan of real pages, one core, processor time", ("system", "pages", "MB", "MB/s"), speed)
    if options.show:
        _print_finds(corpus, options.show)


def _systems() -> dict[str, Callable[[list[str]], tuple[list[Found], float]]]:
    """What finds the spans of texts, and says how many seconds of processor time it took."""
    systems = {"data_platform": _ours, "datatrove": _datatrove}
    try:
        import phonenumbers  # noqa: F401
    except ImportError:
        print("phonenumbers is not installed and left out (pip install phonenumbers)")
        return systems
    for country in (None, "US", "GB"):
        systems[f"phonenumbers, {country or 'no country'}"] = lambda texts, country=country: _phones(texts, country)
    return systems


def _ours(texts: list[str]) -> tuple[list[Found], float]:
    array = pa.array(texts, pa.large_string())
    started = time.process_time()
    found = find_personal_data(array, PERSONAL_TYPES)
    seconds = time.process_time() - started
    return [[tuple(span) for span in found.get(row, ())] for row in range(len(texts))], seconds


def _datatrove(texts: list[str]) -> tuple[list[Found], float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts), encoding="utf-8")
        answer = run_measured([peers_python(), str(Path(__file__).with_name("peer_pii.py")), str(file)]).answer
    return [_in_bytes(text, spans) for text, spans in zip(texts, answer["spans"], strict=True)], answer["seconds"]


def _phones(texts: list[str], country: str | None) -> tuple[list[Found], float]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    started = time.process_time()
    matches = [list(PhoneNumberMatcher(text, country, leniency=Leniency.POSSIBLE)) for text in texts]
    seconds = time.process_time() - started
    return [
        _in_bytes(text, ((match.start, match.end, "PHONE") for match in found))
        for text, found in zip(texts, matches, strict=True)
    ], seconds


def _in_bytes(text: str, spans: Iterable[tuple[int, int, str]]) -> Found:
    return [(len(text[:start].encode()), len(text[:end].encode()), type_) for start, end, type_ in spans]


def _score(rows: list[dict], found: list[Found]) -> Iterable[list]:
    """Per type: labels, found, recall, spans, right, precision; types that a system does not look for are left out."""
    for type_ in PERSONAL_TYPES:
        labels = covered = spans = right = 0
        for row, mine in zip(rows, found, strict=True):
            places = _in_bytes(row["full_text"], (
                (span["start_position"], span["end_position"], type_)
                for span in row["spans"] if TYPES.get(span["entity_type"]) == type_
            ))
            of_type = [(start, end) for start, end, found_type in mine if found_type == type_]
            labels += len(places)
            covered += sum(any(a <= start and end <= b for a, b in of_type) for start, end, _ in places)
            spans += len(of_type)
            right += sum(any(a < end and start < b for start, end, _ in places) for a, b in of_type)
        if spans:
            yield [type_, labels, covered, covered / labels, spans, right, right / spans]


def _print_finds(texts: list[str], number: int) -> None:
    finds: dict[str, list[str]] = {}
    for row, spans in find_personal_data(pa.array(texts, pa.large_string()), PERSONAL_TYPES).items():
        data = texts[row].encode()
        for span in spans:
            parts = data[max(0, span.start - 30) : span.start], data[span.start : span.end], data[span.end :][:10]
            finds.setdefault(span.type, []).append("{!r} [{}] {!r}".format(*(p.decode(errors="ignore") for p in parts)))
    for type_, lines in sorted(finds.items()):
        step = max(1, len(lines) // number)
        print(f"\n{type_}: {len(lines)} on the pages, some of them:")
        print("\n".join(f"  {line}" for line in lines[::step][:number]))


if __name__ == "__main__":
    main()
