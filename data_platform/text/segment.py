"""Where words begin in scripts that are written without spaces: Chinese, Japanese, Thai, Khmer, Lao, Burmese.

Here belongs the one use of ICU's word break iterator, whose dictionaries know these scripts (UAX #29 leaves them to
dictionaries). Not here: words of any other script (`tokens.py`); a text without such letters never comes here.
"""

from __future__ import annotations

import threading

import numpy as np

from data_platform.text.bits import BREAK, MARK, UNSPACED

_local = threading.local()


def mark_words(points: np.ndarray, kinds: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> None:
    """Set BREAK in `kinds` where a word begins within a run of letters of such a script, and behind the run.

    Only the runs go to ICU, joined by line feeds, in one call. The break iterator belongs to the calling thread.

    Args:
        points: int32, code points.
        kinds: uint32, their kinds, written to.
        starts, ends: the spans in which to look, each with such a letter, without white space, ascending.
    """
    starts, ends = _runs(kinds, starts.astype(np.int64), ends.astype(np.int64))
    positions, last = _positions(starts, ends)
    joined = points[np.minimum(positions, len(points) - 1)]
    joined[last] = 10
    kinds[np.delete(positions, last)] &= np.uint32(~BREAK & 0xFFFFFFFF)  # a line written once more has another's
    breaks = _breaks(joined)
    kinds[positions[breaks[breaks < len(positions)]]] |= np.uint32(BREAK)


def _positions(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every position of the spans and the one behind each, and where among them those behind are."""
    sizes = ends - starts + 1
    behind = np.cumsum(sizes)
    return np.arange(behind[-1] if len(sizes) else 0) + np.repeat(starts - behind + sizes, sizes), behind - 1


def _runs(kinds: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the runs of letters of these scripts, with the marks on them, in the given spans."""
    positions, last = _positions(starts, ends)  # with one place behind each, so that no run goes on in the next span
    own = kinds[np.minimum(positions, len(kinds) - 1)]
    own[last] = 0
    letters = (own & np.uint32(UNSPACED)) != 0
    inside = letters | ((own & np.uint32(MARK)) != 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.view(np.int8)])))
    starts, ends = edges[::2], edges[1::2]
    held = np.add.reduceat(letters, starts) > 0 if len(starts) else np.zeros(0, bool)
    return positions[starts[held]], positions[ends[held]]


def _breaks(joined: np.ndarray) -> np.ndarray:
    """Positions of ICU's word boundaries in the code points `joined`."""
    text = joined.astype("<u4").tobytes().decode("utf-32-le", "replace")
    iterator = _iterator()
    iterator.setText(text)
    breaks = np.array([0, *iterator], np.int64)
    if joined.max() > 0xFFFF:  # ICU counts UTF-16 code units
        units = np.concatenate([[0], np.cumsum(1 + (joined > 0xFFFF))])
        breaks = np.searchsorted(units, breaks)
    return breaks


def _iterator():
    """The break iterator of this thread: ICU's are not safe to share."""
    if not hasattr(_local, "words"):
        import icu

        _local.words = icu.BreakIterator.createWordInstance(icu.Locale.getRoot())
    return _local.words
