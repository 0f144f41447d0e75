"""The model: decoder-only, as Llama (Touvron et al. 2023, arXiv:2302.13971, section 2.2): RMSNorm before each block,
rotary positions (Su et al. 2021, arXiv:2104.09864), SwiGLU (Shazeer 2020, arXiv:2002.05202), no biases, and embeddings
that are the output's, too.

Many models of one shape are one module: every parameter has a first axis, one place per model, and every product is a
product of stacks of matrices, so that a small model costs no call of its own. Models never meet: what one computes
depends on its own parameters and its own tokens.

Not here: sizes (`ladder.py`), training (`train.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from data_platform.proxy.ladder import HEAD_WIDTH, Shape

_SPREAD = 0.02
_EPSILON = 1e-5
_ROTARY_BASE = 10_000.0
EMBEDDING = "embedding"
"""Name of the parameter with the embeddings."""


class Proxies(torch.nn.Module):
    """So many models of one shape as there are seeds.

    Args:
        shape: layers and width.
        vocabulary: number of tokens.
        context: longest sequence.
        seeds: one per model: those of equal seeds begin with equal weights.
    """

    def __init__(self, shape: Shape, vocabulary: int, context: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.shape = shape
        width, hidden, layers = shape.width, shape.hidden, shape.layers
        # Branches that end in the sum of all layers begin smaller, by their number (GPT-2, section 2.3).
        thin = _SPREAD / math.sqrt(2 * layers)
        sizes = {EMBEDDING: ((vocabulary, width), _SPREAD), "gain": ((width,), 0.0)}
        for layer in range(layers):
            sizes |= {
                f"attention_gain_{layer}": ((width,), 0.0), f"attention_in_{layer}": ((width, 3 * width), _SPREAD),
                f"attention_out_{layer}": ((width, width), thin), f"feed_gain_{layer}": ((width,), 0.0),
                f"feed_in_{layer}": ((width, 2 * hidden), _SPREAD), f"feed_out_{layer}": ((hidden, width), thin),
            }
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        for name, (size, spread) in sizes.items():
            begun = [
                torch.randn(size, generator=generator) * spread if spread else torch.ones(size)
                for generator in generators
            ]
            self.register_parameter(name, torch.nn.Parameter(torch.stack(begun)))
        angles = _ROTARY_BASE ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)
        turns = torch.outer(torch.arange(context).float(), angles).repeat(1, 2)
        self.register_buffer("cosine", turns.cos(), persistent=False)
        self.register_buffer("sine", turns.sin(), persistent=False)

    @property
    def count(self) -> int:
        """How many models there are."""
        return len(self.gain)

    @property
    def parameters_each(self) -> int:
        """Parameters of one model."""
        return sum(parameter[0].numel() for parameter in self.parameters())

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits of what follows every token, (models, rows x length, vocabulary).

        Args:
            tokens: (models, rows, length), int64.
        """
        models, rows, length = tokens.shape
        table = self.embedding
        first = torch.arange(models, device=tokens.device).view(-1, 1, 1) * table.shape[1]
        states = functional.embedding(tokens + first, table.flatten(0, 1)).view(models, rows * length, -1)
        for layer in range(self.shape.layers):
            states = self._attend(states, layer, rows, length)
            inner = _normed(states, self._of("feed_gain", layer)) @ self._of("feed_in", layer)
            gate, value = inner.chunk(2, dim=-1)
            states = torch.baddbmm(states, functional.silu(gate) * value, self._of("feed_out", layer))
        return _normed(states, self.gain) @ table.transpose(1, 2)

    def _attend(self, states: torch.Tensor, layer: int, rows: int, length: int) -> torch.Tensor:
        heads = self.shape.heads
        inner = _normed(states, self._of("attention_gain", layer)) @ self._of("attention_in", layer)
        query, key, value = inner.view(-1, length, 3, heads, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        query, key = self._turned(query, length), self._turned(key, length)
        if states.is_cuda:
            # Fused attention has no deterministic backward pass in float32 on CUDA.
            with sdpa_kernel(SDPBackend.MATH):
                seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        seen = seen.transpose(1, 2).reshape(self.count, rows * length, -1)
        return torch.baddbmm(states, seen, self._of("attention_out", layer))

    def _turned(self, states: torch.Tensor, length: int) -> torch.Tensor:
        left, right = states.chunk(2, dim=-1)
        return states * self.cosine[:length] + torch.cat((-right, left), dim=-1) * self.sine[:length]

    def _of(self, name: str, layer: int) -> torch.nn.Parameter:
        return getattr(self, f"{name}_{layer}")


def _normed(states: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    scale = torch.rsqrt(states.square().mean(dim=-1, keepdim=True) + _EPSILON)
    return states * scale * gain.unsqueeze(1)


def nats(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Loss at every place, (models, rows x length): 0 where the target is negative, which is not to be predicted.

    Args:
        logits: as `Proxies` gives them.
        targets: (models, rows, length), int64.
    """
    wanted = targets.flatten(1)
    each = functional.cross_entropy(
        logits.flatten(0, 1).float(), wanted.flatten(), reduction="none", ignore_index=IGNORED
    )
    return each.view(wanted.shape)


IGNORED = -1
"""The target of a place that is not to be predicted."""
