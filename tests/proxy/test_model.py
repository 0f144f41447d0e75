"""Models against what is known of them without training."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from data_platform.proxy.held_out import Apart, Measured, bits_per_byte
from data_platform.proxy.ladder import SIZES, Shape
from data_platform.proxy.model import EMBEDDING, IGNORED, Proxies, nats

TINY = Shape(2, 64)


def test_a_model_has_the_parameters_of_the_formula() -> None:
    for shape in (TINY, SIZES["1M"]):
        models = Proxies(shape, 300, 16, [0, 1])
        assert models.parameters_each == shape.parameters(300)


def test_nobody_sees_what_is_to_come() -> None:
    models = Proxies(TINY, 50, 16, [0])
    tokens = torch.arange(16).view(1, 1, 16)
    other = tokens.clone()
    other[..., 9] = 40
    before, after = models(tokens)[0], models(other)[0]
    assert torch.equal(before[:9], after[:9]) and not torch.allclose(before[9], after[9])
    assert not torch.allclose(before[15], after[15])


def test_places_are_told_by_how_far_they_are_apart() -> None:
    """Rotary positions: the same tokens behind an equal word give the same, wherever they stand; another order not."""
    models = Proxies(Shape(1, 64), 50, 16, [0])
    first, later = torch.tensor([[[3, 5, 7]]]), torch.tensor([[[3, 5, 7, 3, 5, 7]]])
    assert not torch.allclose(models(first)[0, 2], models(torch.tensor([[[5, 3, 7]]]))[0, 2], atol=1e-6)
    assert torch.allclose(models(later)[0, :3], models(first)[0], atol=1e-6)


def test_models_never_meet() -> None:
    """A stack computes what each of its models computes alone, and gradients stay where they belong."""
    tokens = torch.randint(0, 50, (3, 2, 16), generator=torch.Generator().manual_seed(0))
    stack = Proxies(TINY, 50, 16, [4, 5, 6])
    losses = nats(stack(tokens[..., :-1]), tokens[..., 1:]).mean(dim=1)
    for place, seed in enumerate((4, 5, 6)):
        alone = Proxies(TINY, 50, 16, [seed])
        own = tokens[place:place + 1]
        assert nats(alone(own[..., :-1]), own[..., 1:]).mean().item() == pytest.approx(losses[place].item(), rel=1e-5)
    losses[1].backward()
    for parameter in stack.parameters():
        assert parameter.grad[1].abs().sum() > 0 and not parameter.grad[[0, 2]].any()


def test_a_model_that_knows_nothing_needs_all_bits() -> None:
    """Without embeddings all tokens are as likely: log2 of the vocabulary for each, over the bytes."""
    models = Proxies(TINY, 128, 16, [0, 1])
    with torch.no_grad():
        getattr(models, EMBEDDING).zero_()
    texts = [np.arange(1, 41), np.arange(1, 21)]
    measured = {"x": Measured.of(texts, [100, 50], 16)}
    assert (measured["x"].tokens, measured["x"].bytes, measured["x"].documents) == (60, 150, 2)
    assert bits_per_byte(models, measured)["x"] == pytest.approx([7 * 60 / 150] * 2)


def test_every_token_of_a_measured_text_is_predicted_once() -> None:
    texts = [np.arange(1, 34), np.arange(34, 40)]
    measured = Measured.of(texts, [1, 1], 16)
    predicted = measured.targets[measured.targets != IGNORED]
    assert sorted(predicted.tolist()) == list(range(1, 40))
    assert math.prod(measured.inputs.shape) == 48


def test_texts_that_are_too_near_are_told() -> None:
    chance = np.random.default_rng(0)
    held, other = chance.integers(1, 2000, 400), chance.integers(1, 2000, 4000)
    apart = Apart(["The held text", "short"], [held, np.array([7, 8])])
    tokens = [
        other,
        np.concatenate([other, held[:200]]),  # half of the measured text is in it
        np.concatenate([other, held[:60]]),  # 29 of its 369 runs
        held[100:180],  # all of its own runs
        np.array([7, 8]), np.array([7, 8]),
    ]
    texts = ["a", "b", "c", "d", "  SHORT ", "not as short"]
    assert apart.too_near(texts, tokens).tolist() == [False, True, False, True, True, False]
