"""Takedowns of random corpora under random recipes, killed at random moments: `python -m benchmarks.takedown_worlds`.

The law is that of `tests/takedown/worlds.py`: whatever is taken down, and whenever the takedown is killed, the next run
builds all of it again and ends clean, a second run has nothing to do, and a search finds nothing of what went. Every
takedown, and every run after it, is a process of its own, which dies by a signal at a moment that the dice tell.

Not here: time and memory of plans (`takedown.py`). There is no peer.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import parser
from data_platform.lake.lake import Lake
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import takedowns
from tests.takedown import worlds

_KILLS = 4
"""Most times that one takedown is killed."""


def in_a_child(work: Callable[[], Any], dies_after: float | None = None) -> tuple[str, Any]:
    """What became of a function in a process of its own: ended, killed or failed, and what it gave.

    What delta-rs runs on does not survive a fork: this process itself opens no lake.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        if not (child := os.fork()):
            try:
                if dies_after is not None:
                    signal.setitimer(signal.ITIMER_REAL, dies_after)  # SIGALRM ends a process at once, as SIGKILL does
                started = time.monotonic()
                value = work()
                Path(answer.name).write_text(json.dumps({"value": value, "seconds": time.monotonic() - started}))
                os._exit(0)
            except BaseException:
                Path(answer.name).write_text(json.dumps({"value": traceback.format_exc(), "seconds": 0}))
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return ("killed" if os.WTERMSIG(status) == signal.SIGALRM else f"signal {os.WTERMSIG(status)}"), None
        told = json.loads(Path(answer.name).read_text())
        if dies_after is None and not status:
            told["value"] = {"value": told["value"], "seconds": told["seconds"]}
        return ("failed" if status else "ended"), told["value"]


def trial(seed: int, folder: Path, base: Path, tally: Counter) -> list[str]:
    """One takedown of a world, or two, killed and resumed, and run again; returns what was wrong."""
    dice = random.Random(seed)
    lake = folder / "lake"
    shutil.copytree(base / "lake", lake)

    def workspace() -> Workspace:
        return Workspace(worlds.make_world(int((base / "seed").read_text()), base / "texts"), Lake(str(lake)))

    for round_ in range(dice.choice((1, 1, 2))):
        chosen, kills = random.Random(dice.random()), dice.randint(0, _KILLS)
        state = chosen.getstate()

        def order(state=state) -> Any:
            again = random.Random()
            again.setstate(state)
            return again

        what, told = in_a_child(lambda order=order: worlds.order_of(order(), workspace()).selectors.__dict__)
        if what != "ended":
            return [f"order {what}: {told}"]
        selectors = told["value"]
        near = dice.random() < 0.7

        def take(selectors=selectors, near=near) -> Any:
            from data_platform.takedown.execute import Order
            from data_platform.takedown.plan import Selectors

            wanted = Order(Selectors.of(**selectors), "asked for", "A. Uthor", near)
            receipt = worlds.take_down(workspace(), wanted)
            return None if receipt is None else {"absent": receipt["absent"], "found": receipt["found"],
                                                 "documents": len(receipt["searched_for"]["ids"])}

        tally["targets"] += 1
        for name, values in selectors.items():
            tally[f"target: {name}"] += bool(values)
        for _ in range(kills):
            what, told = in_a_child(take, dies_after=dice.uniform(0.05, 2.5))
            tally["kills"] += what == "killed"
            if what not in ("killed", "ended"):
                return [f"takedown {what}: {told} of {selectors}"]
            if what == "ended":
                break
            if dice.random() < 0.3:  # somebody runs the recipe before the takedown is finished, and is killed, too
                what, told = in_a_child(lambda: worlds.run(workspace()),
                                        dies_after=dice.choice((None, dice.uniform(0.1, 6))))
                tally["runs between"] += 1
                tally["kills"] += what == "killed"
                if what not in ("killed", "ended"):
                    return [f"run before the takedown was finished {what}: {told} of {selectors}"]
        what, told = in_a_child(take)
        if what != "ended":
            return [f"takedown {what}: {told} of {selectors}"]
        receipt = told["value"]
        if receipt is not None:
            tally["documents"] += receipt["documents"]
            if not receipt["absent"]:
                return [f"found after takedown: {receipt['found']} of {selectors}"]
        if dice.random() < 0.3 or round_:
            in_a_child(lambda: worlds.run(workspace()), dies_after=dice.uniform(0.1, 8))
            tally["runs killed"] += 1

    def after() -> list[str]:
        here = workspace()
        stale = list(worlds.audit_faults(here))
        worlds.run(here)
        unfinished = [row["takedown_id"] for row in takedowns(here.lake) if row["state"] != "done"]
        return [*stale, *[f"{name} is not done" for name in unfinished], *worlds.faults(here), *worlds.left_of(here)]

    what, told = in_a_child(after)
    if what != "ended":
        return [f"run {what}: {told} of {selectors}"]
    return [f"{fault} of {selectors}" for fault in told["value"]]


def make_base(seed: int, base: Path) -> tuple[str, Any]:
    """Run the recipe of a world once."""
    base.mkdir(parents=True)
    (base / "seed").write_text(str(seed))

    def build() -> list[str]:
        workspace = Workspace(worlds.make_world(seed, base / "texts"), Lake(str(base / "lake")))
        return [*(() if worlds.run(workspace) else ("nothing was written",)), *worlds.faults(workspace)]

    return in_a_child(build)


def _told(tally: Counter) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in tally.items())


def main() -> None:
    """Try worlds and print a tally; status 1 if anything was wrong."""
    arguments = parser(__doc__)
    arguments.add_argument("--worlds", type=int, default=20)
    arguments.add_argument("--takedowns", type=int, default=4, help="per world")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    tally: Counter = Counter()
    wrong: list[str] = []
    for seed in range(given.seed, given.seed + given.worlds):
        with tempfile.TemporaryDirectory() as name:
            base = Path(name) / "base"
            what, told = make_base(seed, base)
            if what != "ended" or told["value"]:
                wrong.append(f"world {seed} itself {what}: {told}")
                print(wrong[-1], file=sys.stderr, flush=True)
                continue
            tally["recipes"] += 1
            for number in range(given.takedowns):
                found = trial(seed * 1_000 + number, Path(name) / f"trial{number}", base, tally)
                tally["takedowns"] += 1
                tally["clean" if not found else "not clean"] += 1
                wrong += [f"world {seed}, takedown {number}: {fault}" for fault in found]
                for fault in found:
                    print(f"world {seed}, takedown {number}: {fault}", file=sys.stderr, flush=True)
                shutil.rmtree(Path(name) / f"trial{number}")
        print(f"after world {seed}: {_told(tally)}", file=sys.stderr, flush=True)
    print(_told(tally))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
