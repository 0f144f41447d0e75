"""What patterns find: matches, and the bytes that lie in them, for every document and every piece of evidence.

RE2 searches the Arrow buffers (compiled, linear in the text, no Python per row). Not here: which patterns (the recipe),
and what follows from them (`route.py`).

RedStone (arXiv:2412.03398) first keeps the pages in which a tag or name stands that speaks for a domain: `<code` and
`<pre`, `<math`, `<annotation`, MathJax, KaTeX's style sheet, CodeCogs, `latex.php` and others (`cc_warc_filter` in
its code, microsoft/RedStone); such patterns are evidence with `where: page`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.branches.settings import Branch, Evidence


def evidence_of(branches: Mapping[str, Branch], where: str | None = None) -> dict[str, Evidence]:
    """All evidence as "branch.name", in the order of the recipe; only that of one place with `where`."""
    return {
        f"{branch}.{name}": evidence
        for branch, settings in branches.items()
        for name, evidence in settings.evidence.items()
        if where is None or evidence.where == where
    }


def found(texts: pa.Array, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """Matches of a pattern, from the left without overlap, and the bytes in them.

    Args:
        texts: strings or binaries; nulls hold no match.
        pattern: a regular expression of RE2. One that matches the empty string counts such matches too.

    Returns:
        Two int64 arrays, one number per text.
    """
    nothing, mark = (b"", b"\n") if _is_binary(texts.type) else ("", "\n")
    texts = pc.fill_null(texts, nothing)
    matches, inside = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    some = pc.match_substring_regex(texts, pattern)
    hits = texts.filter(some)  # most documents hold no match at all
    if len(hits):
        # Not `count_substring_regex`: it begins anew behind each match, where "^" then matches in the middle of a line.
        without = _sizes(pc.replace_substring_regex(hits, pattern, nothing))
        place = some.to_numpy(zero_copy_only=False)
        matches[place] = _sizes(pc.replace_substring_regex(hits, pattern, mark)) - without
        inside[place] = _sizes(hits) - without
    return matches, inside


def _sizes(texts: pa.Array) -> np.ndarray:
    return pc.binary_length(texts).to_numpy().astype(np.int64)


def speaks(
    evidence: Evidence, texts: pa.Array, matches: np.ndarray, inside: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Which documents a piece of evidence speaks for: enough matches, and not too much of what it is confused with.

    Args:
        evidence: of the recipe.
        texts: what was searched.
        matches: of the pattern, by `found`.
        inside: bytes in them.
        sizes: of the texts, in bytes.

    Returns:
        One bool per document.
    """
    if evidence.at_least is None:
        return np.zeros(len(matches), bool)
    speaking = (matches >= evidence.at_least) & (inside >= evidence.share * sizes)
    if evidence.unless is not None and speaking.any():
        against, _ = found(texts.filter(pa.array(speaking)), evidence.unless)
        speaking[speaking] = against < evidence.unless_at_least
    return speaking


def feature(matches: np.ndarray, inside: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Evidence as features of a classifier, shape (documents, 2): log(1 + matches per 1,000 bytes), share of bytes."""
    scale = np.maximum(sizes, 1)
    return np.column_stack([np.log1p(1_000 * matches / scale), inside / scale])


def _is_binary(type_: pa.DataType) -> bool:
    return pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
