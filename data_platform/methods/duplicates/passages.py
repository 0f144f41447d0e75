"""Lines and paragraphs that were seen before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import Cutting, PassagePairer, Texts
from data_platform.core.tables import table
from data_platform.text.buffers import text_buffers
from data_platform.text.characters import character_table

KINDS = ("line", "paragraph")


class _Passages(PassagePairer):
    stored = "passage_hashes"

    class Settings(Cutting):
        """Lines or paragraphs that were seen before, in an earlier crawl, another document, or further up."""

        min_words: int = Field(default=1, ge=1, description="Shorter passages are never repeated ones.")
        min_occurrences: int = Field(default=2, ge=2, description="Passages that occur less often are not repeated.")

    def sign(self, texts: pa.Array) -> pa.StructArray:
        """The hash of every passage, and where it stands."""
        return passage_hashes(texts, self.passage, self.settings.min_words)

    def spans(self, signed: pa.Table, texts: Texts) -> pa.Table:
        """Every passage that is not the first with its hash. No text is read."""
        return repeated_passages(signed, {self.passage: self.settings.min_occurrences})


class Lines(_Passages, name="lines"):
    """Lines that were seen before.

    Wenzek et al. 2020 ("CCNet", arXiv:1911.00359, section 3, deduplication): a paragraph, which is what stands
    between line feeds, is normalised (lower case, digits as 0, without punctuation and accents), hashed to 64 bits, and
    removed if any document before it has the same hash. Here that is a line. Words are normalised as for MinHash
    (`text/words.py`), so white space does not count either. Lines without a letter or digit have no hash and are never
    duplicates.

    First is what comes first by snapshot (as text, so crawls are best named by their date), then by doc_id, then by
    place. So what was said of an old crawl stays true when a newer one is added, whatever the order and partitions of
    rows.

    Hashes are made once per document and stored, and only they are compared. Among n different passages two have the
    same hash by chance with a probability below n^2 / 2^65: 3 % for a thousand million. Not here: cutting
    (`duplicates/cutting.py`).
    """

    passage = "line"
    examples = (
        Example(["Imprint\nnew", "old\nimprint"], [(1, "imprint")], {}, "section 3: case does not count"),
        Example(["page 1 of 12\n...", "Page 2 of 13\n..."], [(1, "Page 2 of 13\n")], {}, "section 3: digits as 0"),
        Example(["one\ntwo words", "one\ntwo words"], [(1, "two words")], {"min_words": 2}, "by hand"),
    )


class Paragraphs(_Passages, name="paragraphs"):
    """Paragraphs that were seen before.

    As Wenzek et al. 2020 ("CCNet", arXiv:1911.00359, section 3) have it for lines (`Lines`), for what stands between
    blank lines.
    """

    passage = "paragraph"
    examples = (
        Example(["one\ntwo\n\nthree", "four\n\nOne two"], [(1, "One two")], {}, "by hand: line feeds do not count"),
        Example(["one\ntwo", "one\nthree"], [], {}, "by hand: a line is no paragraph"),
    )


def passage_hashes(text: pa.Array | pa.ChunkedArray, kind: str, min_words: int = 1) -> pa.StructArray:
    """The hash of every line or paragraph of every text, and where it stands: columns of table `passage_hashes`.

    Args:
        text: strings of any Arrow layout; nulls count as empty.
        kind: 'line' or 'paragraph'.
        min_words: shorter passages are passed over.

    Raises:
        ValueError: if there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"passages are of kind {' or '.join(KINDS)}, not {kind!r}")
    from data_platform.kernels.words import hash_units, scan_words

    characters, buffers = character_table(), text_buffers(text)
    word_offsets, starts, _, hashes = scan_words(
        *buffers, characters.pages, characters.classes, characters.folded, True
    )
    offsets, *columns = hash_units(*buffers, word_offsets, starts, hashes, kind == "paragraph", min_words)
    declared = table("passage_hashes").schema
    places, ends, keys = columns
    values = {"hashes": keys.view(np.int64), "starts": places, "ends": ends}
    lists = [pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values[name])) for name in values]
    return pa.StructArray.from_arrays(
        [pa.repeat(kind, len(offsets) - 1), *lists], fields=[declared.field(name) for name in ("kind", *values)]
    )


def repeated_passages(hashes: pa.Table, min_occurrences: Mapping[str, int]) -> pa.Table:
    """Every passage that is not the first with its hash: rows of table `duplicate_spans`.

    Passages of different kinds are not compared. The result is the same for any order and chunking of the rows. Takes
    some 110 bytes of memory per passage, and 100 more per repeated one.

    Args:
        hashes: rows of table `passage_hashes`, without doc_ids that are not to be compared.
        min_occurrences: by kind, least occurrences of a passage that counts as repeated.
    """
    found = [
        _repeated(hashes.filter(pc.equal(hashes["kind"], kind)), kind, least) for kind, least in min_occurrences.items()
    ]
    return pa.concat_tables([table("duplicate_spans").schema.empty_table(), *found])


def _repeated(rows: pa.Table, kind: str, least: int) -> pa.Table:
    # In this order, an earlier occurrence has a smaller number.
    rows = rows.sort_by([("snapshot", "ascending"), ("doc_id", "ascending")]).combine_chunks()
    lists = rows["hashes"].combine_chunks()
    keys = lists.flatten().to_numpy()
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    new = np.ones(len(keys), bool)
    new[1:] = in_order[1:] != in_order[:-1]
    del in_order
    heads, repeats = np.flatnonzero(new), np.flatnonzero(~new)
    group = np.searchsorted(heads, repeats, side="right") - 1
    occurrences = np.diff(np.append(heads, len(keys)))[group]
    often = occurrences >= least
    later, first, occurrences = order[repeats[often]], order[heads[group[often]]], occurrences[often]
    place = np.argsort(later)
    later, first, occurrences = later[place], first[place], occurrences[place]
    del order, new, heads, repeats, group, often, place
    # The document of a passage is the last whose passages do not begin behind it.
    offsets = np.concatenate(([0], np.cumsum(lists.value_lengths().to_numpy())))
    at, matched = (pa.array(np.searchsorted(offsets, some, side="right") - 1) for some in (later, first))
    starts, ends = (rows[name].combine_chunks().flatten() for name in ("starts", "ends"))
    columns = {
        "doc_id": rows["doc_id"].take(at),
        "snapshot": rows["snapshot"].take(at),
        "kind": pa.repeat(kind, len(later)),
        "start": starts.take(pa.array(later)),
        "end": ends.take(pa.array(later)),
        "matched_doc_id": rows["doc_id"].take(matched),
        "matched_start": starts.take(pa.array(first)),
        "tokens": np.zeros(len(later), np.int64),
        "occurrences": occurrences,
    }
    return pa.table(columns, schema=table("duplicate_spans").schema)
