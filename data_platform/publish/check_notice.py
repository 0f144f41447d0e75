"""Whether the notice of an export credits all that its shards hold: every licence with its counts, every document that
asks for credit, and the text of every licence.

The notice is searched where it lies, in its own words (`notice.py`), so that one of millions of documents takes no
memory. Not here: whether a credit says all that is known, which only the lake knows.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import many
from data_platform.publish.license_texts import name_of, text_of
from data_platform.publish.notice import text_block
from data_platform.spdx.expressions import symbols_of
from data_platform.spdx.tiers import PUBLIC_DOMAIN

_SECTION = re.compile(rb"(?m)^={100}\n(?P<spdx>[^\n\[][^\n]*)\n(?P<documents>[\d,]+) documents, (?P<tokens>[\d,]+) "
                      rb"tokens, tier (?P<tier>\d+)\n")
_TEXT = re.compile(rb"(?m)^={100}\n\[(?P<mark>[^\]\n]+)\] ")
_DOCUMENT = re.compile(rb"(?m)^  \S[^\n]*\. Document (?P<doc_id>[0-9a-f]{32})\.$")
_WITH_IT = re.compile(rb"(?m)^ +With it: (?P<texts>[^\n]*)$")
_MARK = re.compile(rb"\[(T\d+)\] ")
_NAMED = 3


def notice_faults(
    path: Path, rows: pa.Table, licenses: Sequence[tuple[str, int, int, int]], caveat: str = ""
) -> Iterator[str]:
    """What the notice lacks or says otherwise.

    Args:
        rows: doc_id, license_spdx and license_tier of every row.
        licenses: expression, tier, documents and tokens, as counted.
        caveat: what it has to say of the export as a whole.
    """
    if not path.stat().st_size:
        yield "NOTICE: empty"
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        first = _TEXT.search(content)
        end = first.start() if first else len(content)
        sections = list(_SECTION.finditer(content, 0, end))
        yield from _counts(sections, licenses)
        yield from _credits(content, sections, end, rows)
        asking = {symbol for spdx, tier, *_ in licenses if tier > PUBLIC_DOMAIN for symbol in symbols_of(spdx)}
        for name in sorted(asking):
            if (text := text_of(name)) and content.find(text_block(name, name_of(name), text).encode(), end - 1) < 0:
                yield f"NOTICE: the text of {name} is not in it as it stands"
        there = {match["mark"] for match in _TEXT.finditer(content, end)} if first else set()
        named = {mark for line in _WITH_IT.finditer(content, 0, end) for mark in _MARK.findall(line["texts"])}
        for mark in sorted(named - there):
            yield f"NOTICE: the text [{mark.decode()}] that it refers to is not in it"
        if caveat and content.find(caveat.encode(), 0, end) < 0:
            yield "NOTICE: it does not say that this is an export of an old version, and what differs"


def _counts(sections: list[re.Match[bytes]], licenses: Sequence[tuple[str, int, int, int]]) -> Iterator[str]:
    """Where its sections are not one for every licence, with its counts."""
    said = [(_text(one["spdx"]), *(int(one[name].replace(b",", b"")) for name in ("tier", "documents", "tokens")))
            for one in sections]
    counted = [tuple(row) for row in licenses]
    for row in counted:
        if row not in said:
            yield f"NOTICE: no section with {row[2]:,} documents and {row[3]:,} tokens under {row[0]}, tier {row[1]}"
    if more := [row for row in said if row not in counted]:
        yield f"NOTICE: {many(len(more), 'section')} of licences or counts that the shards do not have"
    if len(set(said)) < len(said):
        yield "NOTICE: a licence has more than one section"


def _credits(
    content: mmap.mmap, sections: list[re.Match[bytes]], end: int, rows: pa.Table
) -> Iterator[str]:
    """Which documents that ask for credit have none under their licence, and which are credited that are not there."""
    by_license: dict[tuple[str, int], pa.Array] = {}
    for section, following in zip_longest(sections, sections[1:]):
        stop = following.start() if following else end
        ids = pa.array([match["doc_id"].decode() for match in _DOCUMENT.finditer(content, section.end(), stop)],
                       pa.string())
        by_license[_text(section["spdx"]), int(section["tier"])] = ids
    # Licences are few: numbers are compared faster than expressions.
    spdx = rows["license_spdx"].combine_chunks().dictionary_encode()
    names, codes, tiers = spdx.dictionary.to_pylist(), spdx.indices, rows["license_tier"]
    found = pa.table({"spdx": codes, "tier": tiers}).group_by(["spdx", "tier"]).aggregate([]).to_pylist()
    for pair in found:
        mine = rows["doc_id"].filter(pc.and_(pc.equal(codes, pair["spdx"]), pc.equal(tiers, pair["tier"])))
        credited = by_license.pop((names[pair["spdx"]], pair["tier"]), _NONE)
        if pair["tier"] <= PUBLIC_DOMAIN:
            continue
        missing = mine.filter(pc.invert(pc.is_in(mine, credited)))
        if len(missing):
            some = ", ".join(missing[:_NAMED].to_pylist())
            yield (f"NOTICE: {many(len(missing), 'document')} under {names[pair['spdx']]} without a credit, such as "
                   f"{some}")
        if more := len(credited) - (len(mine) - len(missing)):
            yield f"NOTICE: {many(more, 'credit')} under {names[pair['spdx']]} of documents that the shards do not have"


_NONE = pa.array([], pa.string())


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
