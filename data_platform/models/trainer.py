"""What every trainer of a proxy model is to its callers. Not here: any particular trainer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from data_platform.models.settings import LanguageModel

Texts = Sequence[str] | pa.Array | pa.ChunkedArray


class LanguageModelTrainer(Protocol):
    """Trains a causal language model and leaves it in a folder that transformers loads without a network.

    Same texts, settings, seed, library versions and kind of machine give the same bytes in every file.
    """

    def __call__(
        self, texts: Texts, settings: LanguageModel, seed: int, folder: Path, held_out: Texts | None = None
    ) -> dict[str, Any]:
        """Train on `texts` and return metrics that JSON can hold, measured on `held_out`."""
        ...
