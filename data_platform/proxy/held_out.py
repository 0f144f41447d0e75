"""What proxies are measured on: documents that no run reads, in bits per byte, which no tokenizer changes.

Texts are kept apart by id, by the hash of the normalised text, and by runs of tokens: a text for training that shares
many of them with a measured one is told by `Apart`.

Not here: which documents are measured (`lab/`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from data_platform.core.errors import PlainError
from data_platform.proxy.model import IGNORED, Proxies, nats
from data_platform.proxy.packing import BEFORE
from data_platform.text.identity import exact_hash

RUN = 32
"""Tokens of a run by which texts are compared: some 13 words with 2,000 tokens, as GPT-3 compared (appendix C)."""
SHARED = 0.2
"""A text for training is too near if so much of its own runs, or of those of a measured text, are in both."""
_PLACES_AT_ONCE = 2**13
"""Of all models together, whose logits are in memory at once."""


class Diverged(PlainError, FloatingPointError):
    """A loss that is not a number: the learning rate was too high for the size, or the precision too low."""


@dataclass(frozen=True)
class Measured:
    """The texts of one domain on which all proxies are measured.

    Attributes:
        inputs: int32, (rows, context).
        targets: int32, (rows, context): what follows; IGNORED before a text and after the last.
        documents: how many texts.
        tokens: how many tokens are predicted.
        bytes: UTF-8 bytes of these.
    """

    inputs: np.ndarray
    targets: np.ndarray
    documents: int
    tokens: int
    bytes: int

    @classmethod
    def of(cls, texts: Sequence[np.ndarray], byte_counts: Sequence[int], context: int) -> Measured:
        """The texts whose tokens and sizes are given, laid end to end."""
        stream = np.concatenate([np.concatenate(([BEFORE], text)) for text in texts]).astype(np.int32)
        rows = -(-(len(stream) - 1) // context)
        padded = np.full(rows * context + 1, BEFORE, np.int32)
        padded[:len(stream)] = stream
        targets = np.where(padded[1:] == BEFORE, IGNORED, padded[1:]).reshape(rows, context)
        predicted = int((targets != IGNORED).sum())
        return cls(padded[:-1].reshape(rows, context), targets, len(texts), predicted, int(sum(byte_counts)))


@torch.no_grad()
def bits_per_byte(models: Proxies, measured: Mapping[str, Measured]) -> dict[str, np.ndarray]:
    """By domain, the loss of every model: nats of all tokens, over ln 2 and bytes.

    Raises:
        Diverged: if a loss is not a number.
    """
    result, place = {}, models.gain.device
    for domain, texts in measured.items():
        step = max(1, _PLACES_AT_ONCE // (texts.inputs.shape[1] * models.count))
        total = torch.zeros(models.count, dtype=torch.float64)
        for start in range(0, len(texts.inputs), step):
            inputs, targets = (
                torch.from_numpy(some[start:start + step]).long().to(place).expand(models.count, -1, -1)
                for some in (texts.inputs, texts.targets)
            )
            total += nats(models(inputs), targets).double().sum(dim=1).cpu()
        result[domain] = total.numpy() / (math.log(2) * texts.bytes)
        if not np.isfinite(result[domain]).all():
            raise Diverged(f"losses of proxies on {domain} are not finite: they diverged")
    return result


class Apart:
    """Knows texts for training that are too near to measured ones.

    Args:
        texts: the measured texts.
        tokens: theirs.
    """

    def __init__(self, texts: Sequence[str], tokens: Sequence[np.ndarray]) -> None:
        self._hashes = set(exact_hash(pa.array(texts, pa.large_string())).to_pylist())
        runs = [_runs(some) for some in tokens]
        owners = np.repeat(np.arange(len(runs)), [len(some) for some in runs])
        hashes = np.concatenate([np.zeros(0, np.uint64), *runs])
        order = np.argsort(hashes, kind="stable")
        self._runs, self._owners = hashes[order], owners[order]
        self._sizes = np.bincount(owners, minlength=len(runs))

    def too_near(self, texts: Sequence[str], tokens: Sequence[np.ndarray]) -> np.ndarray:
        """Whether each text is a measured one but for case and white space, or shares too many runs with one."""
        same = [hash_ in self._hashes for hash_ in exact_hash(pa.array(texts, pa.large_string())).to_pylist()]
        return np.array(same, bool) | np.array([self._shares(some) for some in tokens], bool)

    def _shares(self, tokens: np.ndarray) -> bool:
        own = np.unique(_runs(tokens))
        if not len(own) or not len(self._runs):
            return False
        first, last = np.searchsorted(self._runs, own, "left"), np.searchsorted(self._runs, own, "right")
        if np.mean(last > first) >= SHARED:
            return True
        held = [self._owners[start:stop] for start, stop in zip(first, last, strict=True) if stop > start]
        if not held:
            return False
        found = np.bincount(np.concatenate(held), minlength=len(self._sizes))
        return bool((found >= np.maximum(1, SHARED * self._sizes)).any())


def _runs(tokens: np.ndarray) -> np.ndarray:
    """A hash of every run of RUN tokens, uint64."""
    count = max(0, len(tokens) - RUN + 1)
    hashes = np.zeros(count, np.uint64)
    for place in range(RUN if count else 0):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + tokens[place:place + count].astype(np.uint64) + np.uint64(1)
    return hashes ^ (hashes >> np.uint64(29))
