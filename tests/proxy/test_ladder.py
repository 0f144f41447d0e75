"""The ladder against its formulas, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.proxy.ladder import (
    LEAST_STEPS,
    SIZES,
    NoSuchSize,
    Shape,
    batch_tokens,
    beta2,
    peak_rate,
    schedule,
    shape_of,
)


def test_parameters_are_those_counted_by_hand() -> None:
    # Width 64: 64 x 64 four times, 64 x 176 three times, two gains of 64, in each of two layers; 100 tokens; a gain.
    assert Shape(2, 64).parameters(100) == 2 * (4 * 4096 + 3 * 64 * 176 + 2 * 64) + 100 * 64 + 64 == 107_072


def test_sizes_are_called_what_they_are() -> None:
    for name, shape in SIZES.items():
        number = float(name[:-1]) * {"k": 1e3, "M": 1e6}[name[-1]]
        assert shape.parameters(2048) == pytest.approx(number, rel=0.12), name
        assert shape.width % 32 == 0
    with pytest.raises(NoSuchSize, match="160M and 1M are near"):
        shape_of("161M")


def test_settings_are_those_of_the_ladder() -> None:
    """At 108M parameters the powers are 1; an eighth has half the rate's inverse, and a quarter of the batch."""
    assert batch_tokens(108_000_000) == 327_680 and peak_rate(108_000_000) == 0.00235
    assert batch_tokens(13_500_000) == 81_920 and peak_rate(13_500_000) == pytest.approx(0.0047)
    assert (beta2(524_287), beta2(524_288)) == (0.99, 0.95)
    at_home = schedule(108_000_000, 20 * 108_000_000, 2048)
    assert (at_home.sequences, at_home.context, at_home.beta2) == (160, 2048, 0.99)
    assert at_home.warmup_steps == round(108e6 / 327_680) and at_home.peak_rate == pytest.approx(0.00235)


def test_the_rate_rises_stays_and_falls() -> None:
    planned = schedule(108_000_000, 20 * 108_000_000, 2048)
    rates = [planned.rate(step) / planned.peak_rate for step in range(planned.steps)]
    fall = round(0.1 * planned.steps)
    assert rates[0] == pytest.approx(1 / planned.warmup_steps)
    assert set(rates[planned.warmup_steps - 1:-fall]) == {1.0}
    assert rates[-1] == pytest.approx(1 / (fall + 1)) and rates[-fall // 2] == pytest.approx(0.5, abs=0.01)


@given(st.integers(10_000, 200_000_000), st.integers(256, 50_000_000), st.sampled_from([64, 256]))
def test_a_run_takes_what_it_is_given_and_no_more(parameters: int, tokens: int, context: int) -> None:
    planned = schedule(parameters, tokens, context)
    assert planned.tokens <= tokens < planned.tokens + (planned.sequences + 1) * context
    assert planned.steps >= min(LEAST_STEPS, tokens // context)
    assert planned.sequences * context <= max(context, batch_tokens(parameters) + context)
    assert 1 <= planned.warmup_steps <= max(1, round(0.1 * planned.steps))
    assert 0 < planned.peak_rate <= peak_rate(parameters)
