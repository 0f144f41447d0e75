"""A first recipe for data that is there: what kind it is and what its rows call things, and a commented text of YAML.

Not here: what a recipe may say (`recipe.py`), and asking people (`cli/init.py`).
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Literal

from data_platform.core.errors import PlainError, no_such
from data_platform.core.settings import NAME
from data_platform.ingest.places import Found, Place, place_of
from data_platform.ingest.settings import SNAPSHOT_PLACEHOLDER

LICENCES: Mapping[str, tuple[tuple[int, ...], str]] = {
    "free": ((0, 1), "public domain and permissive: at most attribution is asked for"),
    "share-alike": ((0, 1, 2), "and licences that ask for the same terms"),
    "known": ((0, 1, 2, 3), "and what governments publish, or a law on text mining allows"),
    "all": ((0, 1, 2, 3, 4), "and whatever states no licence: for measurements that are never published"),
}
"""What people call choices of licence tiers, with what each adds to the one before it."""

_CRAWL = re.compile(r"\.(?:warc|arc|wet|wat)(?:\.gz)?$", re.IGNORECASE)
_JSONL = re.compile(r"\.(?:jsonl|ndjson|json)(?:\.(?:gz|gzip|zst|zstd))?$", re.IGNORECASE)
_PARQUET = re.compile(r"\.(?:parquet|pq)$", re.IGNORECASE)
_ROWS = 20
_LONGEST_ROW = 64 * 2**20
_LIKE_A_TEXT = 40
_TEXTS = ("text", "content", "body", "raw_content", "document", "article", "passage", "markdown", "code")
_URLS = ("url", "uri", "source_url", "link", "href", "web_url", "page_url")
_LICENSES = ("license", "licence", "license_spdx", "spdx", "license_name", "rights")
_WITHIN = ("metadata", "meta", "attributes")


class DataUnclear(PlainError, ValueError):
    """Data of which no first recipe can be made by itself. The message says what to name."""


@dataclass(frozen=True)
class Data:
    """What is known of data that a recipe is to read.

    Attributes:
        files, bytes: of what the paths match.
        fields: of its first rows, by how many have each; empty where there are no rows.
        text_field, url_field, license_field: of rows, as far as they are known; None where there is none.
    """

    kind: Literal["crawl", "files"]
    paths: tuple[str, ...]
    files: int
    bytes: int
    fields: Mapping[str, int] = field(default_factory=dict)
    text_field: str | None = None
    url_field: str | None = None
    license_field: str | None = None


def look_at(paths: Sequence[str], text_field: str | None = None) -> Data:
    """What lies at paths, globs, folders or URLs. Names are listed, and of one file of rows the first rows are read.

    Args:
        text_field: the field of rows that holds texts, if it is known.

    Raises:
        SourceError: if a place cannot be reached.
        DataUnclear: if nothing is there, crawls are mixed with others, or no field holds a text.
    """
    found: list[tuple[Place, Found]] = []
    for path in paths:
        place = place_of("data", path.replace(SNAPSHOT_PLACEHOLDER, "*"))
        with place.errors():
            there = [(place, file) for file in sorted(place.find(), key=lambda file: file.name)]
        if not there:
            raise DataUnclear(f"nothing is at {path}: name a file, a folder, a glob or a URL")
        found += there
    crawls = [file for _, file in found if _CRAWL.search(file.name)]
    size = sum(max(file.size, 0) for _, file in found)
    if crawls:
        if any(_JSONL.search(file.name) or _PARQUET.search(file.name) for _, file in found):
            raise DataUnclear("archives of crawls and files of rows lie side by side: name one kind, by a glob, and "
                              "add the others as a further source")
        return Data("crawl", tuple(paths), len(crawls), size)
    rows = next((_rows(place, file) for place, file in found
                 if _JSONL.search(file.name) or _PARQUET.search(file.name)), None)
    if rows is None:
        return Data("files", tuple(paths), len(found), size)
    fields = Counter(name for row in rows for name in row)
    text = text_field or _text_field(rows, fields)
    if text_field and text_field.partition(".")[0] not in fields:
        raise DataUnclear(no_such("field", text_field, fields))
    return Data("files", tuple(paths), len(found), size, fields, text, _named(rows, _URLS), _named(rows, _LICENSES))


def recipe_text(
    name: str, data: Data, rules: Sequence[str], licences: str, *, tokens: int = 10**9, domain: str = "web",
    snapshot: str = "first", claim: tuple[str, str] | None = None,
) -> str:
    """A commented recipe.

    Args:
        name: of the recipe and of its source.
        rules: names of rule sets, which exist.
        licences: one of `LICENCES`.
        claim: the licence of all of the data, and on what basis.
    """
    tiers, _ = LICENCES[licences]
    lines = [
        *_comment("What is read, what is kept of it, and what mixtures are made of it. `data-platform plan` says what "
                  "a run would do, `data-platform run` does it; run again, only what has changed is done. Every "
                  "setting is in `data-platform schema`, every method in `data-platform methods`."),
        f"name: {_scalar(name)}", "version: 1", "", "sources:", f"  - name: {_scalar(name)}",
        *_source(data, domain, snapshot, claim), "", *_filters(rules), "",
        *_comment("Rules of your own, over any column of quality_signals:"),
        "# rules:", "#   long_enough: {signal: word_count, min: 100, why: short texts are of no use}", "",
        *_comment("Which copies are found: of the same text, of nearly the same, or, among pages, of one URL. The copy "
                  "with the freest licence stays."),
        "deduplication:", f"  kinds: [{'url, ' if data.kind == 'crawl' else ''}exact, minhash]", "",
        "mixtures:", "  open:", f"    tokens: {tokens}  # at most; a mixture holds less where there is less",
        *_comment("Licence tiers that are admitted: 0 public domain, 1 permissive, 2 share-alike, 3 government or text "
                  "mining, 4 unknown, 5 non-commercial, no derivatives or opted out. What is uncertain is never free.",
                  4),
        f"    tiers: {list(tiers)}", f"    weights: {{{_scalar(domain)}: 1}}  # by domain",
    ]
    return "\n".join(lines) + "\n"


def _source(data: Data, domain: str, snapshot: str, claim: tuple[str, str] | None) -> Iterator[str]:
    what = {"crawl": "WARC, ARC and WET archives", "files": "JSONL, Parquet, or folders of text and code"}[data.kind]
    yield f"    kind: {data.kind}  # {what}"
    if any(SNAPSHOT_PLACEHOLDER in path for path in data.paths):
        yield from _comment("Snapshots are found by listing: what stands for {snapshot} names them.", 4)
    else:
        yield from _comment("What arrives later is another source with another snapshot: only that is read then.", 4)
        yield f"    snapshot: {_scalar(snapshot)}"
    yield f"    domain: {_scalar(domain)}  # mixtures weight by domains"
    yield "    paths:"
    yield from (f"      - {_scalar(path)}" for path in data.paths)
    if data.fields:
        yield from _comment("Fields of a row; dots reach into objects.", 4)
        yield f"    text_field: {_scalar(data.text_field or 'text')}"
        yield f"    url_field: {_scalar(data.url_field or 'url')}"
        yield f"    license_field: {_scalar(data.license_field or 'license')}"
    if claim:
        yield from _comment("The licence of all of it, and why that is so.", 4)
        yield f"    license: {{spdx: {_scalar(claim[0])}, basis: {_scalar(claim[1])}}}"
    else:
        yield from _comment("If all of it is under one licence, say which and why:", 4)
        yield '    # license: {spdx: CC-BY-4.0, basis: "https://example.org/terms"}'


def _filters(rules: Sequence[str]) -> Iterator[str]:
    from data_platform.filtering.rules import rule_set_methods

    yield from _comment("Published rule sets, in order, each with thresholds to change: `data-platform methods \"rule "
                        "set\" NAME` lists them, `data-platform sweep` shows what another value would keep.")
    yield "filters:"
    yield "  rule_sets:" if rules else "  rule_sets: {}"
    for name, method in zip(rules, rule_set_methods(*rules), strict=True):
        yield f"    {name}: {{}}  # {(method.__doc__ or '').partition(chr(10))[0].strip().rstrip('.')}"
    if any(name.startswith("gopher_quality") for name in rules):
        yield from _comment("The published stop words are English; for others: gopher_quality: {min_stop_words: 0}", 4)


def _comment(words: str, indent: int = 0) -> list[str]:
    head = " " * indent + "# "
    return textwrap.wrap(words, 118, initial_indent=head, subsequent_indent=head, break_on_hyphens=False)


def _scalar(value: str) -> str:
    """A text as YAML; a $ before a brace is one, and no variable."""
    if re.fullmatch(NAME, value) and not re.fullmatch(r"[0-9._-]+|(?i:true|false|yes|no|on|off|null|none|y|n)", value):
        return value
    return json.dumps(value, ensure_ascii=False).replace("${", "$${")


def _rows(place: Place, file: Found) -> list[dict[str, Any]]:
    """The first rows of a file, without those that are none."""
    with place.errors(), place.open(file.uri) as raw:
        reading = _parquet(raw) if _PARQUET.search(file.name) else _jsonl(raw)
        return [row for row in islice(reading, _ROWS) if isinstance(row, dict)]


def _parquet(raw: BinaryIO) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(raw).iter_batches(_ROWS):
            yield from batch.to_pylist()
    except pa.ArrowInvalid:
        return  # a run says what is wrong with it


def _jsonl(raw: BinaryIO) -> Iterator[Any]:
    from data_platform.ingest.stream import ArchiveStream, Damage

    stream = ArchiveStream(raw, begins=lambda data: False)
    try:
        while line := stream.readline(_LONGEST_ROW):
            try:
                yield json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError):
                yield None
    except Damage:
        return


def _text_field(rows: Sequence[Mapping[str, Any]], fields: Mapping[str, int]) -> str:
    """The field that is called as texts are, or else the one with the longest texts."""
    lengths = {name: [len(row[name]) for row in rows if isinstance(row.get(name), str)] for name in fields}
    held = {name: sum(some) / len(some) for name, some in lengths.items() if len(some) * 2 > len(rows)}
    for name in _TEXTS:
        if name in held:
            return name
    longest = max(held, key=held.__getitem__, default="")
    if not longest or held[longest] < _LIKE_A_TEXT:
        raise DataUnclear(f"no field of the rows holds a text: they have {', '.join(sorted(fields)) or 'none'}; name "
                          "it with --text-field, dots reach into objects")
    return longest


def _named(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str | None:
    """The first of these fields that a row has, in itself or in an object that holds what is said of it."""
    for outer in ("", *_WITHIN):
        for name in names:
            if any(isinstance(part := (row.get(outer) if outer else row), dict) and part.get(name) for row in rows):
                return f"{outer}.{name}" if outer else name
    return None
