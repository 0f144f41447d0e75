"""Damage to a lake: verify names it, a run says a sentence or mends it, and after repair and a run all is in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.damage import DAMAGES, attempt
from data_platform.run.workspace import Workspace

ALWAYS = (
    "last entry empty", "last entry cut, and nothing kept of it", "middle entry deleted", "checkpoint cut",
    "data file cut", "a bit of a data file flipped", "kept link cut", "shard cut", "manifest cut",
)
"""One of every kind; the others take minutes."""


@pytest.mark.parametrize("title", [
    pytest.param(title, marks=() if title in ALWAYS else pytest.mark.slow) for title in DAMAGES
])
def test_damage_is_named_and_mended(sound: Workspace, tmp_path: Path, title: str) -> None:
    damage = DAMAGES[title]
    found = attempt(sound, tmp_path, damage)
    assert found.named or damage.harmless, found.verified
    assert found.run == "done" or "data-platform repair" in found.run
    assert not found.clean, (found.repaired, found.clean)
