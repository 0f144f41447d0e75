"""The ladder: sizes of proxy models, and how a model of a size is trained.

Batch, learning rate, warm-up and betas follow from the number of parameters N as in OLMo-core
(allenai/OLMo-core, class WSDSChinchillaRunConfigurator), which takes them from Porian et al. 2024
("Resolving Discrepancies in Compute-Optimal Scaling of Language Models", arXiv:2406.19146, section 3) and halves the
rate for a schedule with a plateau:

    batch    327,680 tokens x (N / 108M) ^ (2/3)
    rate     .0047 x (N / 108M) ^ (-1/3) / 2
    warm-up  N tokens, linear; then a plateau; over the last tenth of the tokens linearly down to 0 (WSD, Hu et al.
             2024, arXiv:2404.06395)
    beta2    .95 from a batch of 524,288 tokens on, else .99; beta1 .9; weight decay .1, none for embeddings

The ladder's runs take 10 N tokens or more. A shorter one keeps the shape: its warm-up is a tenth of its tokens, and its
batch is small enough for `LEAST_STEPS` steps, with a rate that falls with the root of the batch, as Adam's does
(Malladi et al. 2022, arXiv:2205.10287).

Belongs here: arithmetic. Does not: weights, data.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_platform.core.errors import PlainError, no_such

HEAD_WIDTH = 32
LEAST_STEPS = 200
"""Steps that a run takes at the least, if it has as many sequences: below, the losses are those of the warm-up."""
_REFERENCE = 108_000_000
_DECAY_SHARE = 0.1
_LONGEST_WARMUP_SHARE = 0.1


class NoSuchSize(PlainError, LookupError):
    """A size that is not on the ladder. The message says what is near."""


@dataclass(frozen=True)
class Shape:
    """Layers and width of a model; all else follows."""

    layers: int
    width: int

    @property
    def heads(self) -> int:
        """Attention heads, of HEAD_WIDTH each."""
        return self.width // HEAD_WIDTH

    @property
    def hidden(self) -> int:
        """Width within a feed-forward block: SwiGLU has three matrices where others have two, so 8/3 of the width, in
        multiples of 8."""
        return 8 * -(-self.width // 3)

    def parameters(self, vocabulary: int) -> int:
        """All parameters: embeddings, which are the output's, too; per layer four matrices of attention, three of the
        feed-forward block and two gains; and the last gain."""
        layer = 4 * self.width**2 + 3 * self.width * self.hidden + 2 * self.width
        return vocabulary * self.width + self.layers * layer + self.width


SIZES = {
    "300k": Shape(4, 64),
    "1M": Shape(4, 128),
    "4M": Shape(4, 256),
    "12M": Shape(6, 384),
    "40M": Shape(8, 640),
    "80M": Shape(11, 768),
    "160M": Shape(15, 928),
}
"""Shapes by the name of their size, which is the number of parameters with some 2,000 tokens, about."""


def shape_of(size: str) -> Shape:
    """The shape of a size.

    Raises:
        NoSuchSize: if the ladder has none of that name.
    """
    if size not in SIZES:
        raise NoSuchSize(no_such("size", size, SIZES))
    return SIZES[size]


@dataclass(frozen=True)
class Schedule:
    """How a model of one size is trained on so many tokens.

    Attributes:
        sequences: of a batch.
        steps: how many batches.
        context: tokens of a sequence.
        peak_rate: learning rate of the plateau.
        warmup_steps: steps of the rise.
        beta2: of Adam.
    """

    sequences: int
    steps: int
    context: int
    peak_rate: float
    warmup_steps: int
    beta2: float
    beta1: float = 0.9
    weight_decay: float = 0.1
    clip: float = 1.0

    @property
    def tokens(self) -> int:
        """Tokens that a run is trained on."""
        return self.sequences * self.steps * self.context

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0: of the share of the way that is gone once it is done."""
        done, left = step + 1, self.steps - step
        fall = max(1, round(_DECAY_SHARE * self.steps))
        return self.peak_rate * min(1.0, done / self.warmup_steps, left / (fall + 1))


def batch_tokens(parameters: int) -> int:
    """Tokens of a batch on the ladder."""
    return round(2048 * 160 * (parameters / _REFERENCE) ** (2 / 3))


def peak_rate(parameters: int) -> float:
    """Learning rate of the plateau on the ladder."""
    return 0.0047 * (parameters / _REFERENCE) ** (-1 / 3) / 2


def beta2(tokens: int) -> float:
    """Adam's second beta for a batch of so many tokens."""
    return 0.95 if tokens >= 524_288 else 0.99


def schedule(parameters: int, tokens: int, context: int) -> Schedule:
    """How a model of so many parameters is trained on at most `tokens` tokens in sequences of `context`.

    Raises:
        ValueError: if that is not one sequence.
    """
    available = tokens // context
    if available < 1:
        raise ValueError(f"{tokens:,} tokens are not one sequence of {context:,}")
    ladder = batch_tokens(parameters)
    sequences = max(1, min(round(ladder / context), available // LEAST_STEPS))
    steps = available // sequences
    batch = sequences * context
    warmup = min(parameters, _LONGEST_WARMUP_SHARE * steps * batch)
    return Schedule(
        sequences=sequences, steps=steps, context=context,
        peak_rate=peak_rate(parameters) * min(1.0, batch / ladder) ** 0.5,
        warmup_steps=max(1, round(warmup / batch)), beta2=beta2(batch),
    )
