"""Profiles of wanted and unwanted texts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.kinds.method import Section
from data_platform.core.kinds.trainer import Trained, Trainer

FILE = "profiles.json"
_WORD = re.compile(r"[^\W\d_]+")


def profile(texts: Iterable[str], longest: int, size: int) -> list[str]:
    """The `size` most frequent letter n-grams of 1 to `longest`, the most frequent first, of words between blanks; of
    equally frequent ones the first by code points."""
    counts: Counter[str] = Counter()
    for text in texts:
        for word in _WORD.findall(text.lower()):
            padded = f"_{word}_"
            counts.update(
                padded[start:start + length]
                for length in range(1, longest + 1) for start in range(len(padded) - length + 1)
            )
    del counts["_"]
    return sorted(counts, key=lambda gram: (-counts[gram], gram))[:size]


class Profiles(Trainer, name="sample_profiles"):
    """The most frequent letter n-grams of wanted texts and of others, by rank (Cavnar and Trenkle 1994, "N-Gram-Based
    Text Categorization", SDAIR-94)."""

    class Settings(Section):
        """The size of a profile."""

        longest: int = Field(default=5, ge=1, le=9, description="Letters of the longest n-gram.")
        size: int = Field(default=300, ge=1, description="N-grams of a profile.")

    def train(self, labels: pa.Table, folder: Path) -> Trained:
        """Write both profiles to one file."""
        train = labels.filter(pc.equal(labels["split"], "train"))
        profiles = {
            name: profile(train.filter(pc.equal(train["label"], label))["text"].to_pylist(), self.settings.longest,
                          self.settings.size)
            for name, label in (("wanted", 1), ("other", 0))
        }
        model = {"longest": self.settings.longest, "size": self.settings.size, **profiles}
        (folder / FILE).write_text(json.dumps(model, ensure_ascii=False), encoding="utf-8")
        return Trained(max(1, sum(map(len, profiles.values()))), train.num_rows, {"grams": len(profiles["wanted"])},
                       license="CC0-1.0")
