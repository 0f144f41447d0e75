"""The ablation of licence tiers: what do the texts of each further tier of a mixture bring, at equal cost?

After MixtureVitae (Nguyen et al. 2025, arXiv:2509.25531, section 4), which trains one recipe on parts of its corpus by
tier at several sizes. Here every cut of a mixture (`cuts.py`) trains proxies of several sizes and seeds on equally many
tokens, and all are measured on the same held-out documents, in bits per byte by domain. A cut is compared with the next
narrower one, seed by seed; a difference exceeds noise if its interval over seeds, by Student's t, does not hold 0.

Not here: training (`runs.py`), printing (`cli/`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from data_platform.core.errors import many
from data_platform.lab.cuts import Cut, cuts_of, held
from data_platform.lab.ground import CONTEXT, Ground, NothingToRead
from data_platform.lab.runs import Run, Runs
from data_platform.lake.custody import Custody
from data_platform.run.stage import Work, pin_inputs
from data_platform.run.workspace import Workspace
from data_platform.stages.plans import plan_stage

LEAST_TOKENS, MOST_TOKENS = 100_000, 400_000
"""Bounds of the budget, if none is stated: below, nothing is learnt; above, minutes become hours on a processor."""
CONFIDENCE = 0.95
MEAN = "mean of domains"


@dataclass(frozen=True)
class Ablation:
    """What an ablation is of.

    Attributes:
        cuts: that differ from the next narrower one and admit anything.
        tokens: budget of every run, in the proxies' own tokens.
        available: by cut: tier, documents, and tokens by the recipe's tokenizer that could be read.
        remarks: what there is to know beforehand, in sentences.
    """

    cuts: tuple[Cut, ...]
    tokens: int
    available: dict[str, list[tuple[int, int, int]]]
    remarks: tuple[str, ...]


def ablate(
    workspace: Workspace, name: str, sizes: Sequence[str], seeds: int, tokens: int | None,
    told: Callable[[str], None], progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Train what is missing of the ablation of a mixture, and report it.

    Args:
        name: mixture of the recipe.
        sizes: rungs of the ladder.
        seeds: how many.
        tokens: that every proxy is trained on; by default those of the smallest cut, within bounds.
        told: is told what happens, line by line.
        progress: is told steps that are done, of how many.

    Returns:
        The report: as `report` gives it.

    Raises:
        InputMissing: if the recipe has not been run.
        CustodyBroken: if what is read is not what the platform wrote.
        NothingToRead: if the mixture has no documents to train or to measure on.
    """
    mixture = workspace.recipe.mixtures[name]
    stage = plan_stage(workspace.recipe, name)
    work = Work(stage, workspace, None, pin_inputs(stage, workspace, None))
    custody = Custody(workspace.lake, ledgers=True, listing=False)
    for pin in work.pins:
        custody.refuse_breaches(pin.table, pin.partition, pin.version)
    ground = Ground(work, mixture)
    ablation = _planned(ground, tokens)
    for remark in ablation.remarks:
        told(remark)
    runs = Runs(work, mixture)
    wanted = [
        Run("tiers", cut, size, seed, ablation.tokens)
        for size in sizes for seed in range(seeds) for cut in ablation.cuts
    ]
    if missing := runs.missing(wanted):
        told(f"{many(len(missing), 'proxy run')} to train of {len(wanted):,}: {len(ablation.cuts)} cuts, "
             f"{', '.join(sizes)}, {many(seeds, 'seed')}, {ablation.tokens:,} tokens each")
        runs.make(wanted, ground, told, progress)
    return report(name, ablation, runs.rows(wanted), mixture.max_epochs)


def _planned(ground: Ground, tokens: int | None) -> Ablation:
    """The cuts and the budget of an ablation."""
    cuts, available, remarks, narrower, least = [], {}, [], 0, None
    for cut in cuts_of(ground.whole.mixture):
        there = ground.admitted(cut)
        if not there.num_rows:
            remarks.append(f"{cut.name} admits no document that could be read, and is left out")
        elif there.num_rows == narrower:
            remarks.append(f"{cut.name} admits no document more than the cut before, and is left out")
        else:
            cuts.append(cut)
            available[cut.name] = held(there, ground.tier)
            held_tokens = int(np.dot(there["token_count"].to_numpy(), there["repeats"].to_numpy()))
            own = min(cut.mixture.tokens, int(held_tokens * cut.mixture.max_epochs))
            least = own if least is None else min(least, own)
        narrower = there.num_rows
    if not cuts:
        raise NothingToRead("nothing that the mixture admits could be read")
    if len(cuts) == 1:
        remarks.append("there is one cut alone: nothing to compare it with")
    budget = tokens or min(max(least, LEAST_TOKENS), MOST_TOKENS)
    if budget < CONTEXT:
        raise NothingToRead(f"{budget:,} tokens are not one sequence of {CONTEXT}")
    return Ablation(tuple(cuts), budget, available, tuple(remarks))


def report(name: str, ablation: Ablation, rows: Sequence[dict[str, Any]], max_epochs: float) -> dict[str, Any]:
    """What the runs of an ablation say.

    Returns:
        `cuts`: by cut, what could be read and what was read by tier, epochs by domain; `held_out`; `losses`: by size,
        cut and domain, mean over seeds with an interval; `differences`: by size, cut and domain, against the next
        narrower cut; `verdicts` and `warnings`: sentences; `cost`.
    """
    cuts = [cut.name for cut in ablation.cuts]
    finals = {(row["size"], row["seed"], row["cut"]): _final(row) for row in rows}
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    parameters = {row["size"]: row["parameters"] for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    domains = list(next(iter(finals.values())))
    losses, differences = [], []
    for size in sizes:
        table = {
            domain: np.array([[finals[size, seed, cut][domain] for cut in cuts] for seed in seeds])
            for domain in domains
        }
        for domain, values in table.items():
            for place, cut in enumerate(cuts):
                losses.append({"size": size, "parameters": parameters[size], "cut": cut, "domain": domain,
                               **_interval(values[:, place])})
            for place in range(1, len(cuts)):
                found = _interval(values[:, place] - values[:, place - 1])
                beyond = found["low"] is not None and not found["low"] <= 0 <= found["high"]
                differences.append({"size": size, "cut": cuts[place], "against": cuts[place - 1], "domain": domain,
                                    **found, "exceeds_noise": beyond})
    return {
        "mixture": name, "tokens": sorted({row["tokens"] for row in rows}), "sizes": parameters, "seeds": seeds,
        "cuts": [_of_cut(cut, ablation, [row for row in rows if row["cut"] == cut.name]) for cut in ablation.cuts],
        "held_out": rows[0]["held_out"], "losses": losses, "differences": differences,
        "verdicts": _verdicts(differences, sizes, cuts, len(seeds)),
        "warnings": [*ablation.remarks, *_repeated(rows, max_epochs)],
        "cost": {"runs": len(rows), "seconds": sum(row["seconds"] for row in rows),
                 "processor_seconds": sum(row["processor_seconds"] for row in rows)},
        "runs": [row["run"] for row in rows],
    }


def _final(row: dict[str, Any]) -> dict[str, float]:
    """Losses of a run at its end by domain, and their mean."""
    last = {loss["domain"]: loss["bits_per_byte"] for loss in row["losses"] if loss["step"] == row["steps"]}
    return {**last, MEAN: float(np.mean(list(last.values())))}


def _interval(values: np.ndarray) -> dict[str, float | None]:
    """Mean of some values with an interval by Student's t; without one, if there is one value alone."""
    mean = float(values.mean())
    if len(values) < 2:
        return {"mean": mean, "low": None, "high": None}
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _of_cut(cut: Cut, ablation: Ablation, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What could be read for a cut, by tier, and what its runs read on average."""
    seen: dict[int, int] = {}
    for row in rows:
        for tier in row["tokens_by_tier"]:
            seen[tier["tier"]] = seen.get(tier["tier"], 0) + tier["seen"]
    epochs: dict[str, list[float]] = {}
    for row in rows:
        for domain in row["domains"]:
            epochs.setdefault(domain["domain"], []).append(domain["epochs"])
    return {
        "cut": cut.name, "tiers": list(cut.tiers),
        "available": [
            {"tier": tier, "documents": documents, "tokens": tokens, "read": round(seen.get(tier, 0) / len(rows))}
            for tier, documents, tokens in ablation.available[cut.name]
        ],
        "epochs": {domain: float(np.mean(found)) for domain, found in epochs.items()},
    }


def _repeated(rows: Sequence[dict[str, Any]], max_epochs: float) -> list[str]:
    """Sentences on domains that were read more often than the mixture allows."""
    most: dict[tuple[str, str], float] = {}
    for row in rows:
        for domain in row["domains"]:
            key = row["cut"], domain["domain"]
            most[key] = max(most.get(key, 0.0), domain["epochs"])
    # Shares and tokens are counted by two tokenizers: what is a little over is not a repetition.
    return [
        f"{cut}: {domain} was read {epochs:.1f} times, and the mixture allows {max_epochs:g}: no more of its documents "
        "fit its share of the budget"
        for (cut, domain), epochs in most.items() if epochs > 1.25 * max(1.0, max_epochs)
    ]


def _verdicts(
    differences: Sequence[dict[str, Any]], sizes: Sequence[str], cuts: Sequence[str], seeds: int
) -> list[str]:
    """What differs beyond noise, in sentences."""
    if len(cuts) < 2:
        return ["one cut alone: no difference to tell"]
    if seeds < 2:
        return ["noise is not known with one seed: no difference can be told from it"]
    sentences = []
    for size in sizes:
        for cut in cuts[1:]:
            own = [found for found in differences if found["size"] == size and found["cut"] == cut]
            parts = [
                f"{kind} on {', '.join(_told(found) for found in some)}"
                for kind, some in (
                    ("better", [found for found in own if found["exceeds_noise"] and found["mean"] < 0]),
                    ("worse", [found for found in own if found["exceeds_noise"] and found["mean"] > 0]),
                ) if some
            ]
            within = [found["domain"] for found in own if not found["exceeds_noise"]]
            beyond = f"differences exceed noise: {'; '.join(parts)}" if parts else "no difference exceeds noise"
            rest = f"; within noise: {', '.join(within)}" if within and parts else ""
            sentences.append(f"{size}, {cut} against {own[0]['against']}: {beyond}{rest}")
    told = [found for found in differences if found["domain"] != MEAN]
    by_chance = len(told) * (1 - CONFIDENCE)
    sentences.append(f"of {many(len(told), 'comparison')} by domain {sum(found['exceeds_noise'] for found in told)} "
                     f"exceed noise; {by_chance:.1f} would by chance")
    if len(sizes) > 1:
        sentences.append(_agreement(told, sizes))
    return sentences


def _told(found: dict[str, Any]) -> str:
    return f"{found['domain']} ({found['mean']:+.3f} ± {found['high'] - found['mean']:.3f})"


def _agreement(differences: Sequence[dict[str, Any]], sizes: Sequence[str]) -> str:
    """Whether what exceeds noise at one size points the same way at every other."""
    signs: dict[tuple[str, str], list[float]] = {}
    beyond = set()
    for found in differences:
        key = found["cut"], found["domain"]
        signs.setdefault(key, []).append(np.sign(found["mean"]))
        if found["exceeds_noise"]:
            beyond.add(key)
    same = sum(len(set(signs[key])) == 1 for key in beyond)
    return (f"of {many(len(beyond), 'difference')} beyond noise at any size {same} point the same way at "
            f"{', '.join(sizes)}")
