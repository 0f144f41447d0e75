"""Whom to credit, on one line: title, authors, project, where it is from.

Creative Commons call it TASL: title, author, source, licence, of which the licence stands beside it. Belongs here: that
line, for whole tables. Does not: what is credited (`collect`), and the NOTICE file (`publish/notice.py`).
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

MAX_TITLE = 200
NAMED = 20
"""Authors on the line; all of them are in `document_credits`."""
SEPARATOR = "; "
"""Between the lines of several parents of one text, and nowhere in a line."""


def attributions(documents: pa.Table, credits: pa.Table, stated: pa.ChunkedArray) -> pa.ChunkedArray:
    """The line of every document, in order. What is not known is left out: the URL is always there.

    Args:
        documents: columns doc_id, url and title.
        credits: doc_id, title, authors, origin, project and copyright of `document_credits`; documents may be missing.
        stated: whom to credit for each document by the recipe's word, or its URL.
    """
    if not documents.num_rows:
        return stated
    place = pc.index_in(documents["doc_id"], value_set=credits["doc_id"].combine_chunks())
    found = credits.take(place)
    url = documents["url"]
    nothing = pa.scalar(None, pa.string())
    title = pc.coalesce(_some(found["title"]), _some(documents["title"]))
    title = pc.utf8_slice_codeunits(title, 0, MAX_TITLE)
    named = pc.binary_join(pc.list_slice(found["authors"], 0, NAMED), ", ")
    more = pc.greater(pc.fill_null(pc.list_value_length(found["authors"]), 0), NAMED)
    named = pc.if_else(more, pc.binary_join_element_wise(named, "and others", ", "), named)
    # Who holds the copyright made it, or had it made.
    held = pc.replace_substring_regex(pc.binary_join(pc.list_slice(found["copyright"], 0, NAMED), ", "), r"\s+", " ")
    claimed = pc.if_else(pc.not_equal(stated, url), stated, nothing)
    on_the_web = pc.match_substring_regex(url, "^https?:")
    parts = (
        pc.binary_join_element_wise('"', title, '"', ""),
        pc.coalesce(_some(named), claimed, _some(held)),
        _some(found["project"]),
        pc.if_else(on_the_web, nothing, _some(found["origin"])),
        _some(url),
    )
    joined = pc.binary_join_element_wise(*map(_plain, parts), ", ", null_handling="skip")
    return pc.fill_null(joined, "")


def _some(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """The text, null where it is empty."""
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def on_one_line(text: str) -> str:
    """A text as it stands within an attribution: on one line, without what separates the lines of several parents."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).replace(SEPARATOR, ", ")


def _plain(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """`on_one_line`, for a column."""
    return pc.replace_substring(pc.replace_substring_regex(text, r"[\s\x00-\x1f\x7f]+", " "), SEPARATOR, ", ")
