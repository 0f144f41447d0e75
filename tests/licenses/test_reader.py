"""The model that reads sentences on rights: its arithmetic, and what it must know of any language."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from data_platform.licenses import reader
from data_platform.licenses.grant import as_read


def test_a_block_of_four_bits_is_unpacked_by_hand() -> None:
    halves = bytes([0x10 * high + low for low, high in zip(range(16), reversed(range(16)), strict=True)])
    block = np.frombuffer(np.float16(0.5).tobytes() + halves, np.uint8)[None]
    lows, highs = (np.arange(16) - 8) * 0.5, (np.arange(15, -1, -1) - 8) * 0.5
    assert reader.unpacked(block).tolist() == [[*lows, *highs]]


def test_the_network_is_that_of_torch() -> None:
    model = reader._model()
    ids = [reader.BEGIN, *model.tokenizer.encode("body: All texts are under @").ids, reader.END]
    weights = {name: torch.from_numpy(value) for name, value in model.tensors.items()}
    states = torch.from_numpy(reader.unpacked(model.vectors[ids])) + weights["positions.w"][: len(ids)]
    states = functional.layer_norm(states, states.shape[-1:], weights["norm.w"], weights["norm.b"], 1e-12)
    for layer in range(model.depth):
        def of(name: str, inputs: torch.Tensor, layer: int = layer) -> torch.Tensor:
            return inputs @ weights[f"{layer}.{name}.w"] + weights[f"{layer}.{name}.b"]

        def normed(name: str, inputs: torch.Tensor, layer: int = layer) -> torch.Tensor:
            return functional.layer_norm(
                inputs, inputs.shape[-1:], weights[f"{layer}.{name}.w"], weights[f"{layer}.{name}.b"], 1e-12)

        heads = [of(name, states).reshape(len(ids), reader.HEADS, -1).transpose(0, 1) for name in "qkv"]
        attended = functional.scaled_dot_product_attention(*heads).transpose(0, 1).reshape(states.shape)
        states = normed("aln", states + of("ao", attended))
        states = normed("oln", states + of("fo", functional.gelu(of("fi", states), approximate="tanh")))
    assert np.allclose(model.states(ids), states.numpy(), atol=1e-4)


@pytest.mark.parametrize(("before", "after", "read"), [
    ("under the terms of the License ( ", "), which permits use", "body: under the terms of the @ , which permits use"),
    ("All texts: ", " (https://creativecommons.org/licenses/by/4.0/)", "body: All texts: @"),
    ("Text under ", " @ .", "body: Text under @ ."), ("", "", "body: @"),
])
def test_what_names_leave_behind_is_not_read(before: str, after: str, read: str) -> None:
    assert as_read(before, after) == read


def test_what_was_read_before_changes_nothing() -> None:
    alone = reader.read.__wrapped__("Schools only.")
    for other in ("Built with Hugo.", "No. " * 200, "本站文字"):
        reader.read.__wrapped__(other)
    assert reader.read.__wrapped__("Schools only.") == alone


@pytest.mark.parametrize(("limit", "harmless"), [
    ("Newspapers pay for every article.", "Newspapers called it the flood of the century."),
    ("The texts may not be sold.", "Tickets may not be sold on."),
    ("Nur für den Unterricht.", "Der Unterricht beginnt um acht."),
    ("Reproduction réservée aux abonnés.", "La bibliothèque est fermée le lundi."),
    ("Prohibida su reproducción.", "Prohibido bañarse."), ("商用需另行授权。", "周一闭馆。"),
])
def test_a_limit_is_told_from_what_has_its_words(limit: str, harmless: str) -> None:
    assert reader.read(limit).limit > reader.read(harmless).limit + 2
