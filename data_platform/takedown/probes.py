"""Probes: pieces of 64 bytes of a removed text, kept as hashes, by which the text is found wherever it still is.

Pieces that documents hold which stay, such as the menu of a site, tell nothing of the text and are no probes of it. A
text is held by a row in which at least half of its probes occur: one sentence that two pages share is no copy of
either. Nothing of a text can be read from its probes; with them the search can be made again when the text is gone.

Here belongs what a probe is and when a text counts as found. Not here: the loop over bytes (`kernels/probes.py`), and
what is searched (`receipt.py`, `removal_list.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WIDTH = 64
PROBES_PER_TEXT = 8
CANDIDATES_PER_TEXT = 32
"""Pieces of which the probes of a text are chosen, once it is known which of them other documents hold."""
COPY_SHARE = 0.8
MAX_COPIES = 2
MIN_CANDIDATES = 4
"""A document that stays and holds this share of so many candidates is a copy that nobody knew of, if there are no more
of them: what it holds stays a probe, and the receipt names it. If there are more, it is the furniture of a site."""
MIN_DISTINCT_BYTES = 12
"""Pieces of fewer different bytes are rules, blanks or lists of numbers, and occur anywhere."""
MIN_PROBES_IN_PAYLOAD = 4
"""A payload is that of a removed text only by so many probes, or all of them: markup and menus repeat lines."""


@dataclass(frozen=True)
class Probe:
    """One piece: its rolling hash, as a signed 64-bit number, and its 128-bit digest."""

    window: int
    digest: str


def make_probes(text: bytes, most: int = PROBES_PER_TEXT) -> list[Probe]:
    """At most `most` probes of a text, evenly spread; none of a text that is shorter than one.

    Pieces lie within lines where lines are long enough, so that they are found in a page's markup, too.
    """
    starts = [start for start in _starts_in_lines(text) if _telling(text[start : start + WIDTH])]
    if not starts:
        starts = [s for s in range(0, len(text) - WIDTH + 1, WIDTH) if _telling(text[s : s + WIDTH])]
    if not starts:
        return []
    count = min(most, len(starts))
    chosen = [starts[i * len(starts) // count] for i in range(count)]
    from data_platform.kernels.probes import hash_windows

    data = np.frombuffer(text, np.uint8)
    windows = hash_windows(data, np.array(chosen, np.int64)).view(np.int64).tolist()
    found = {
        window: Probe(window, digest_of(text[start : start + WIDTH]))
        for window, start in zip(windows, chosen, strict=True)
    }
    return list(found.values())


def digest_of(piece: bytes) -> str:
    """BLAKE2b of 128 bits, 32 hex digits."""
    return hashlib.blake2b(piece, digest_size=16).hexdigest()


def _starts_in_lines(text: bytes) -> list[int]:
    starts, begin = [], 0
    for line in text.split(b"\n"):
        starts.extend(range(begin, begin + len(line) - WIDTH + 1, WIDTH))
        begin += len(line) + 1
    return starts


def _telling(piece: bytes) -> bool:
    return len(set(piece)) >= MIN_DISTINCT_BYTES


class ProbeSet:
    """Probes of many texts, looked for at once. Picklable."""

    def __init__(self, probes: Mapping[str, Sequence[Probe]]) -> None:
        """`probes` by the name of the text that they are of."""
        self.totals = {name: len(some) for name, some in probes.items() if some}
        self._owners: dict[tuple[int, str], list[str]] = {}
        for name, some in probes.items():
            for probe in some:
                self._owners.setdefault((probe.window, probe.digest), []).append(name)
        windows = np.array(sorted({window for window, _ in self._owners}), np.int64)
        self._wanted = np.unique(windows.view(np.uint64))

    def __bool__(self) -> bool:
        return bool(self.totals)

    @cached_property
    def _bitmap(self) -> np.ndarray:
        from data_platform.kernels.probes import bitmap_of

        return bitmap_of(self._wanted)

    def counts(self, values: pa.Array | pa.ChunkedArray) -> dict[int, dict[str, int]]:
        """Row to name to number of probes found there, of rows in which any was found."""
        return {row: {name: len(keys) for name, keys in names.items()} for row, names in self.hits(values).items()}

    def hits(self, values: pa.Array | pa.ChunkedArray) -> dict[int, dict[str, set[tuple[int, str]]]]:
        """Row to name to the probes found there, as window and digest, of rows in which any was found."""
        if not self or not len(values):
            return {}
        from data_platform.kernels.probes import find_windows

        data, offsets = _bytes_of(values)
        found: dict[int, dict[str, set[tuple[int, str]]]] = {}
        for row, at, start in find_windows(data, offsets, self._wanted, self._bitmap).tolist():
            key = (int(self._wanted[at].view(np.int64)), digest_of(data[start : start + WIDTH].tobytes()))
            for name in self._owners.get(key, ()):
                found.setdefault(row, {}).setdefault(name, set()).add(key)
        return found

    def holds(self, count: int, name: str) -> bool:
        """Whether a row with `count` of the probes of a text holds that text."""
        return 2 * count >= self.totals[name]

    def in_payload(self, payload: bytes) -> str | None:
        """The first text, by name, that a payload holds; a few probes are not enough, unless they are all."""
        names = self.counts(pa.array([payload], pa.large_binary())).get(0, {})
        return min(
            (name for name, count in names.items()
             if self.holds(count, name) and count >= min(MIN_PROBES_IN_PAYLOAD, self.totals[name])
             and self.totals[name] > 1),
            default=None,
        )


def _bytes_of(values: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes and offsets of strings or binaries of any layout; nulls are empty."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    values = pc.fill_null(values.cast(pa.large_string() if text else pa.large_binary()), "" if text else b"")
    _, offsets, data = values.buffers()
    places = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(data, np.uint8) if data is not None and len(data) else np.empty(0, np.uint8), places


def telling_probes(
    candidates: Mapping[str, Sequence[Probe]], others: Iterable[pa.Array | pa.ChunkedArray]
) -> dict[str, list[Probe]]:
    """Of the candidates of every text those that no text or payload of `others` holds, evenly spread.

    Args:
        candidates: pieces by the name of the text.
        others: texts and payloads that stay, batch by batch.
    """
    every = ProbeSet(candidates)
    held: dict[str, set[tuple[int, str]]] = {}
    copies: dict[str, list[set[tuple[int, str]]]] = {}
    for batch in others:
        for names in every.hits(batch).values():
            for name, keys in names.items():
                total = every.totals[name]
                if total >= MIN_CANDIDATES and len(keys) >= COPY_SHARE * total:
                    if keys not in copies.setdefault(name, []) and len(copies[name]) <= MAX_COPIES:
                        copies[name].append(keys)
                else:
                    held.setdefault(name, set()).update(keys)
    chosen = {}
    for name, some in candidates.items():
        shared = held.get(name, set())
        if len(copies.get(name, ())) > MAX_COPIES:
            shared = shared.union(*copies[name])
        left = [probe for probe in some if (probe.window, probe.digest) not in shared]
        count = min(PROBES_PER_TEXT, len(left))
        chosen[name] = [left[i * len(left) // count] for i in range(count)]
    return chosen
