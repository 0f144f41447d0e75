"""Runs of proxies as rows of the table `proxy_runs`: which are wanted, which are there, and what makes the rest.

A run is known by the digest of its code, settings and inputs, which is its partition: it is made once, by whoever comes
first. Runs of one size and seed are trained side by side, from a checkpoint in the platform's home if one was left, and
committed one by one; the checkpoint goes when all of them are there. Killed anywhere, the same call goes on.

Not here: what a run reads (`ground.py`), and what runs say (`tiers.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.checkout import git_commit
from data_platform.core.code import code_digest
from data_platform.core.settings import home
from data_platform.core.tables import table
from data_platform.lab.cuts import Cut
from data_platform.lab.ground import CONTEXT, PROTOCOL, Ground
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Partition, Provenance, recipe_number
from data_platform.mixing.settings import Mixture
from data_platform.proxy.ladder import Schedule, schedule, shape_of
from data_platform.proxy.packing import Reading
from data_platform.proxy.train import Trained, train
from data_platform.run.stage import Work

TABLE = "proxy_runs"
LAB = "lab"
"""What commits of the lab say wrote them."""


@dataclass(frozen=True)
class Run:
    """One proxy: what it is trained for, and what of.

    Attributes:
        experiment: what it is trained for.
        cut: part of the mixture.
        size: rung of the ladder.
        seed: of weights, order and draw.
        tokens: that it is to be trained on, at most.
    """

    experiment: str
    cut: Cut
    size: str
    seed: int
    tokens: int


class Runs:
    """The runs of one mixture.

    Args:
        work: the stage of the mixture's plan, with its inputs at pinned versions.
        mixture: the mixture.
    """

    def __init__(self, work: Work, mixture: Mixture) -> None:
        self._work, self._mixture = work, mixture

    def provenance(self, run: Run) -> Provenance:
        """What the commit of a run says of itself."""
        mixture = run.cut.mixture.model_dump(mode="json", exclude={"scores", "publish", "phase", "order", "tokens"})
        return Provenance(
            asset_key=LAB, code_version=_code_version(self._work.stage.code_version), git_commit=git_commit(),
            inputs=self._work.pins,
            config={
                "recipe": self._work.recipe.name, "name": self._work.stage.declared.entry, "mixture": mixture,
                "experiment": run.experiment, "size": run.size, "seed": run.seed, "tokens": run.tokens,
                "rules": list(self._work.stage.config(self._work.workspace, None).get("rules", [])), **PROTOCOL,
            },
        )

    def missing(self, runs: Sequence[Run]) -> list[Run]:
        """Those of the runs that are not in the lake, or whose file is lost."""
        custody = Custody(self._work.lake, ledgers=True, listing=False)
        return [run for run in runs if not self._is_there(self.provenance(run), custody)]

    def rows(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """The rows of runs that are in the lake.

        Raises:
            CustodyBroken: if one of them is not what the platform wrote.
        """
        wanted = pa.array([_id(self.provenance(run)) for run in runs], pa.string())
        custody = Custody(self._work.lake, ledgers=True, listing=False)
        for run in wanted.to_pylist():
            custody.refuse_breaches(TABLE, run)
        rows = {row["run"]: row
                for row in self._work.lake.read_table(TABLE, where=pc.field("run").isin(wanted)).to_pylist()}
        return [rows[run] for run in wanted.to_pylist()]

    def make(
        self, runs: Sequence[Run], ground: Ground, told: Callable[[str], None],
        progress: Callable[[int, int], None] = lambda done, steps: None,
    ) -> None:
        """Train and commit those of the runs that are missing. All of one size and seed that are asked for are trained
        together, so that it makes no difference which of them is there.

        Args:
            told: is told a line about every stack of runs.
            progress: is told steps that are done, of how many.
        """
        missing = {(run.size, run.seed) for run in self.missing(runs)}
        stacks: dict[tuple[str, int], list[Run]] = {}
        for run in runs:
            if (run.size, run.seed) in missing:
                stacks.setdefault((run.size, run.seed), []).append(run)
        for number, stack in enumerate(stacks.values(), 1):
            self._make(stack, ground, lambda line, number=number: told(f"{number} of {len(stacks)}: {line}"), progress)

    def _make(
        self, stack: list[Run], ground: Ground, told: Callable[[str], None], progress: Callable[[int, int], None]
    ) -> None:
        """Train runs of one size and seed side by side, and commit each."""
        size, seed, tokens = stack[0].size, stack[0].seed, stack[0].tokens
        shape = shape_of(size)
        planned = schedule(shape.parameters(ground.vocabulary), tokens, CONTEXT)
        read = [ground.reading(run.cut, seed, planned) for run in stack]
        made = [self.provenance(run) for run in stack]
        key = hashlib.sha256("\n".join(map(_id, made)).encode()).hexdigest()[:32]
        checkpoint = home() / "proxies" / f"{key}.pt"
        trained = train(
            shape, ground.vocabulary, planned, [seed] * len(stack), [reading.sequences for _, reading in read],
            ground.measured, checkpoint, lambda step: progress(step, planned.steps),
        )
        for place, (run, provenance, (drawn, reading)) in enumerate(zip(stack, made, read, strict=True)):
            row = self._row(run, provenance, ground, planned, drawn, reading, trained, place, len(stack))
            self._commit(row, provenance)
        checkpoint.unlink(missing_ok=True)
        told(f"{size} with seed {seed}: {len(stack)} proxies of {shape.parameters(ground.vocabulary):,} parameters on "
             f"{planned.tokens:,} tokens each in {trained.seconds:,.0f} s")

    def _row(
        self, run: Run, provenance: Provenance, ground: Ground, planned: Schedule, drawn: pa.Table, reading: Reading,
        trained: Trained, place: int, stacked: int,
    ) -> dict[str, Any]:
        tokens = ground.tokens_of(drawn["doc_id"].to_pylist())
        by_domain, by_tier = (
            _by(drawn[column].to_pylist(), tokens, reading.seen) for column in ("domain", ground.tier)
        )
        return {
            "run": _id(provenance), "experiment": run.experiment, "corpus": self._work.recipe.name,
            "mixture": self._work.stage.declared.entry, "cut": run.cut.name, "tiers": list(run.cut.tiers),
            "seed": run.seed, "size": run.size, "parameters": shape_of(run.size).parameters(ground.vocabulary),
            "tokens": planned.tokens, "steps": planned.steps, "schedule": json.dumps(asdict(planned), sort_keys=True),
            "domains": [
                {"domain": domain, **held, "epochs": reading.epochs.get(domain, 0.0)}
                for domain, held in by_domain.items()
            ],
            "tokens_by_tier": [{"tier": tier, **held} for tier, held in by_tier.items()],
            "losses": [
                {"step": step, "domain": domain, "bits_per_byte": losses[number][place]}
                for number, step in enumerate(trained.steps) for domain, losses in trained.losses.items()
            ],
            "training": [losses[place] for losses in trained.training],
            "held_out": [
                {"domain": domain, "documents": some.documents, "tokens": some.tokens, "bytes": some.bytes}
                for domain, some in ground.measured.items()
            ],
            "held_out_digest": ground.held_out_digest, "order_digest": reading.digest,
            "tokenizer_digest": ground.tokenizer_digest, "stacked": stacked, "seconds": trained.seconds / stacked,
            "processor_seconds": trained.processor_seconds / stacked, "place": trained.place,
            "code_version": provenance.code_version,
            "inputs": json.dumps([asdict(pin) for pin in provenance.inputs], sort_keys=True),
            "finished_at": datetime.now(UTC),
        }

    def _is_there(self, provenance: Provenance, custody: Custody) -> bool:
        run = _id(provenance)
        there = self._work.lake.carries(TABLE, Partition.of(TABLE, run), provenance)
        return there and not custody.lost_files(TABLE, run)

    def _commit(self, row: dict[str, Any], provenance: Provenance) -> None:
        """Commit a run, unless it is there; in the place of a file that is lost, if it is."""
        lake, custody = self._work.lake, Custody(self._work.lake, ledgers=True, listing=False)
        if self._is_there(provenance, custody):
            return
        partition = Partition.of(TABLE, row["run"])
        custody.refuse_breaches(TABLE, str(partition), files=False)
        lost, basis = custody.lost_files(TABLE, str(partition)), lake.carried(TABLE, partition)
        writer = lake.writer(TABLE)
        for batch in pa.Table.from_pylist([row], schema=table(TABLE).schema).to_batches():
            writer.write(batch)
        files = writer.close()
        if lost and basis == recipe_number(provenance.recipe):
            lake.mend(TABLE, partition, files, provenance, lost)
        else:
            lake.replace(TABLE, partition, files, provenance, basis)


def _by(labels: Sequence[Any], tokens: np.ndarray, seen: np.ndarray) -> dict[Any, dict[str, int]]:
    """Documents, their tokens, and tokens that were read, by label."""
    labels = np.asarray(labels)
    return {
        label.item(): {"documents": int(own.sum()), "tokens": int(tokens[own].sum()), "seen": int(seen[own].sum())}
        for label in np.unique(labels) for own in [labels == label]
    }


def _id(provenance: Provenance) -> str:
    """The id of a run: 128 bits of the digest of all that determines it."""
    return provenance.recipe[:32]


@cache
def _code_version(of_plan: str) -> str:
    """Digest of the code that draws, as the stage of the plan tells it, packs, trains and measures, and of the columns.
    """
    text = "\0".join([str(table(TABLE).schema), code_digest(__name__), of_plan])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
