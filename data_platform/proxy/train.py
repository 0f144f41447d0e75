"""Training proxies of one size side by side: equal tokens, equal schedule, and killed at any moment without a trace.

A stack of proxies reads one row of sequences each, in the order that it is given; all that is by chance is decided
before the first step, so that a checkpoint is weights, moments of Adam and the number of the step, and what goes on
from it is to the bit what was never stopped. Gradients are clipped and weights are moved per proxy: a stack gives what
single proxies give, up to the rounding of stacked products.

Not here: what is read (`packing.py`), measured (`held_out.py`), or done with losses (`lab/`).
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from data_platform.core.errors import PlainError
from data_platform.models.language_model import deterministic
from data_platform.models.placement import device
from data_platform.proxy.held_out import Measured, bits_per_byte
from data_platform.proxy.ladder import Schedule, Shape
from data_platform.proxy.model import EMBEDDING, Proxies, nats

EVALUATIONS = 4
"""How often proxies are measured, evenly over the run, the last time at its end."""
SECONDS_PER_CHECKPOINT = 20.0


class UnequalBudgets(PlainError, ValueError):
    """Proxies that are to be compared would read different amounts. Equal cost is what makes losses comparable."""


class CheckpointError(PlainError, RuntimeError):
    """A checkpoint that cannot be read or written. The message names the file and what to do."""


@dataclass
class Trained:
    """What training left behind.

    Attributes:
        steps: at which it was measured.
        losses: by domain, (measurements, models): bits per byte.
        training: (steps, models): mean loss of the batch, in nats per token.
        seconds: on the clock, those before a stop included.
        processor_seconds: of all cores of this machine, likewise.
        place: cpu, or cuda.
    """

    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[list[float]]] = field(default_factory=dict)
    training: list[list[float]] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0
    place: str = "cpu"


def train(
    shape: Shape, vocabulary: int, schedule: Schedule, seeds: Sequence[int], readings: Sequence[np.ndarray],
    measured: Mapping[str, Measured], checkpoint: Path | None = None,
    progress: Callable[[int], None] = lambda step: None,
) -> Trained:
    """Train one proxy per seed, each on sequences of its own, and measure all of them on the same texts.

    Args:
        shape: of every proxy.
        vocabulary: number of tokens.
        schedule: batches, steps and rates, the same for all.
        seeds: of the weights.
        readings: of every proxy its sequences, (steps x sequences of a batch, context + 1).
        measured: texts by domain.
        checkpoint: file that it goes on from, if it is there, and that is written as it goes; left when it is done.
        progress: told the number of steps that are done.

    Raises:
        UnequalBudgets: if the sequences of a proxy are not as many, or as long, as the schedule reads.
        Diverged: if a loss on measured texts is not a number.
        CheckpointError: if the checkpoint cannot be read or written.
    """
    wanted = schedule.steps * schedule.sequences, schedule.context + 1
    if len(readings) != len(seeds) or any(reading.shape != wanted for reading in readings):
        told = ", ".join(f"{len(reading):,} x {reading.shape[1] - 1:,}" for reading in readings)
        raise UnequalBudgets(f"{len(seeds)} proxies of one comparison read {wanted[0]:,} sequences of "
                             f"{wanted[1] - 1:,} tokens each; given are {told}")
    with deterministic(0):
        place = device()
        models = Proxies(shape, vocabulary, schedule.context, seeds).to(place)
        run = _Run(models, schedule, _digest(shape, vocabulary, schedule, seeds, readings, measured))
        run.resume(checkpoint)
        return run.finish(readings, measured, checkpoint, progress)


class _Run:
    """Models, their optimizer, and how far they are."""

    def __init__(self, models: Proxies, schedule: Schedule, digest: str) -> None:
        self.models, self.schedule, self.digest = models, schedule, digest
        named = dict(models.named_parameters())
        embedding = named.pop(EMBEDDING)
        self.optimizer = torch.optim.AdamW(
            [{"params": list(named.values()), "weight_decay": schedule.weight_decay},
             {"params": [embedding], "weight_decay": 0.0}],
            lr=schedule.peak_rate, betas=(schedule.beta1, schedule.beta2), fused=True,
        )
        self.step, self.trained = 0, Trained(place=models.gain.device.type)

    def finish(
        self, readings: Sequence[np.ndarray], measured: Mapping[str, Measured], checkpoint: Path | None,
        progress: Callable[[int], None],
    ) -> Trained:
        """Take the steps that are left."""
        steps, size = self.schedule.steps, self.schedule.sequences
        due = {round(steps * number / EVALUATIONS) for number in range(1, EVALUATIONS + 1)}
        before = self.trained.seconds - time.monotonic()
        processor_before = self.trained.processor_seconds - time.process_time()
        kept = time.monotonic()
        while self.step < steps:
            rows = slice(self.step * size, (self.step + 1) * size)
            self.trained.training.append(self._learn(np.stack([reading[rows] for reading in readings])))
            self.step += 1
            if self.step in due:
                self.trained.steps.append(self.step)
                for domain, losses in bits_per_byte(self.models, measured).items():
                    self.trained.losses.setdefault(domain, []).append(losses.tolist())
            self.trained.seconds = before + time.monotonic()
            self.trained.processor_seconds = processor_before + time.process_time()
            if checkpoint and (self.step == steps or time.monotonic() - kept > SECONDS_PER_CHECKPOINT):
                self._keep(checkpoint)
                kept = time.monotonic()
            progress(self.step)
        return self.trained

    def _learn(self, batch: np.ndarray) -> list[float]:
        """One step on (models, rows, context + 1) tokens; the mean loss of every model before it."""
        tokens = torch.from_numpy(batch).long().to(self.models.gain.device)
        losses = nats(self.models(tokens[..., :-1]), tokens[..., 1:]).mean(dim=1)
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        self._clip()
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        self.optimizer.step()
        return losses.tolist()

    @torch.no_grad()
    def _clip(self) -> None:
        """Shorten the gradient of every model that is longer than the schedule lets it be."""
        gradients = [parameter.grad for parameter in self.models.parameters()]
        lengths = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        scale = (self.schedule.clip / (lengths + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(scale.view(-1, *[1] * (gradient.dim() - 1)))

    def resume(self, checkpoint: Path | None) -> None:
        """Go on from a checkpoint of just this run, if there is one."""
        if checkpoint is None or not checkpoint.is_file():
            return
        try:
            kept = torch.load(checkpoint, map_location=self.models.gain.device, weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
            raise CheckpointError(f"the checkpoint {checkpoint} cannot be read; delete it, and its runs begin anew") \
                from error
        if kept["digest"] != self.digest:
            return
        self.models.load_state_dict(kept["models"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.step, self.trained = kept["step"], Trained(**kept["trained"])

    def _keep(self, checkpoint: Path) -> None:
        """Write a checkpoint beside the last one, and put it in its place once it is whole."""
        building = checkpoint.with_name(f".{checkpoint.name}.{uuid.uuid4().hex}")
        try:
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            with building.open("wb") as file:
                torch.save({
                    "digest": self.digest, "step": self.step, "models": self.models.state_dict(),
                    "optimizer": self.optimizer.state_dict(), "trained": asdict(self.trained),
                }, file)
                file.flush()
                os.fsync(file.fileno())
            building.replace(checkpoint)
        except OSError as error:
            raise CheckpointError(f"cannot write the checkpoint {checkpoint}: {error.strerror}") from error
        finally:
            building.unlink(missing_ok=True)


def _digest(
    shape: Shape, vocabulary: int, schedule: Schedule, seeds: Sequence[int], readings: Sequence[np.ndarray],
    measured: Mapping[str, Measured],
) -> str:
    """SHA-256 of all that decides what a run computes."""
    digest = hashlib.sha256(json.dumps([asdict(shape), vocabulary, asdict(schedule), list(seeds)]).encode())
    for reading in readings:
        digest.update(np.ascontiguousarray(reading).tobytes())
    for domain, texts in measured.items():
        digest.update(domain.encode())
        digest.update(texts.targets.tobytes())
    return digest.hexdigest()
