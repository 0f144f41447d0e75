"""Training: losses fall, stacks are what single proxies are, and a stop leaves no trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_platform.proxy import train as training
from data_platform.proxy.held_out import Measured
from data_platform.proxy.ladder import Schedule, Shape
from data_platform.proxy.train import CheckpointError, UnequalBudgets, train

SHAPE, VOCABULARY = Shape(1, 32), 24
SCHEDULE = Schedule(sequences=4, steps=60, context=16, peak_rate=0.01, warmup_steps=5, beta2=0.99)


def _pattern(seed: int) -> np.ndarray:
    """Sequences in which a token follows from the one before: they count up by a step of their own, in a circle."""
    chance = np.random.default_rng(seed)
    starts = chance.integers(1, VOCABULARY, SCHEDULE.steps * SCHEDULE.sequences)
    return (1 + (starts[:, None] + 5 * np.arange(17)) % (VOCABULARY - 1)).astype(np.int32)


MEASURED = {"pattern": Measured.of([_pattern(9)[0]], [17], 16), "noise": Measured.of(
    [np.random.default_rng(3).integers(1, VOCABULARY, 64)], [64], 16)}


def test_a_planted_pattern_is_learnt_and_noise_is_not() -> None:
    found = train(SHAPE, VOCABULARY, SCHEDULE, [0], [_pattern(0)], MEASURED)
    assert found.steps == [15, 30, 45, 60] and len(found.training) == 60
    pattern, noise = (np.array(found.losses[name])[:, 0] for name in ("pattern", "noise"))
    assert found.training[0][0] > 2.9 and found.training[-1][0] < 1.0
    assert pattern[-1] < 0.6 * pattern[0] and pattern[-1] < 0.2 * noise[-1]
    assert noise[-1] > np.log2(VOCABULARY)


def test_a_stack_is_what_its_proxies_are_alone() -> None:
    readings = [_pattern(0), _pattern(1)]
    stack = train(SHAPE, VOCABULARY, SCHEDULE, [3, 4], readings, MEASURED)
    for place, (seed, reading) in enumerate(zip([3, 4], readings, strict=True)):
        alone = train(SHAPE, VOCABULARY, SCHEDULE, [seed], [reading], MEASURED)
        for domain in MEASURED:
            both = np.array(stack.losses[domain])[:, place], np.array(alone.losses[domain])[:, 0]
            assert both[0] == pytest.approx(both[1], rel=1e-3)


class Stop(Exception):
    """What a kill is to these tests."""


def test_what_goes_on_is_to_the_bit_what_never_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SECONDS_PER_CHECKPOINT", 0.0)
    readings, checkpoint = [_pattern(0), _pattern(1)], tmp_path / "run.pt"
    whole = train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings, MEASURED)

    def stop_at(number: int):
        def progress(step: int) -> None:
            if step == number:
                raise Stop
        return progress

    for number in (7, 31, 60):
        with pytest.raises(Stop):
            train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings, MEASURED, checkpoint, stop_at(number))
    steps = []
    found = train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings, MEASURED, checkpoint, steps.append)
    assert steps == [] and (found.training, found.losses, found.steps) == (whole.training, whole.losses, whole.steps)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="delete it"):
        train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings, MEASURED, checkpoint)
    checkpoint.unlink()
    with pytest.raises(Stop):
        train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings, MEASURED, checkpoint, stop_at(2))
    # Other sequences are another run, whose checkpoint is not this one.
    train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], readings[::-1], MEASURED, checkpoint, steps.append)
    assert steps[0] == 1


def test_unequal_budgets_are_refused() -> None:
    with pytest.raises(UnequalBudgets, match="240 sequences of 16"):
        train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], [_pattern(0), _pattern(1)[:-4]], MEASURED)
    with pytest.raises(UnequalBudgets):
        train(SHAPE, VOCABULARY, SCHEDULE, [0, 1], [_pattern(0)], MEASURED)
