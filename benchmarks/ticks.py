"""What a tick of each sensor takes as snapshots grow: the real definitions, evaluated as the daemon evaluates them.

    python -m benchmarks.ticks [--snapshots 250 500 1000 2000]

A folder per snapshot with one file of JSON lines each; nothing is made yet, so that every snapshot is asked for. Shown
are seconds of processor and by the clock of the first tick of `new_snapshots`, which registers every partition, and of
two ticks of `automation`, and how many runs each asks for. Daemons end a sensor after 60 s by the clock. Not here: a
plan over a lake in which all is made (`growth`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from benchmarks.common import parser, show
from data_platform.assets.names import Names
from data_platform.definitions import build_definitions
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import load_recipe

_RECIPE = """\
name: ticks
lake: {folder}/lake
sources:
  - {{name: daily, kind: files, domain: web, paths: ["{folder}/crawls/{{snapshot}}/*.jsonl"],
     license: {{spdx: MIT, basis: by letter}}}}
mixtures:
  all: {{tokens: 1000, weights: {{web: 1}}}}
"""
_TICKS = ("new_snapshots", "automation", "automation")


def ticks(folder: Path, snapshots: int) -> Iterator[list[str]]:
    """A row for every tick, with so many snapshots."""
    for number in range(snapshots):
        place = folder / "crawls" / f"s{number:05d}"
        place.mkdir(parents=True)
        (place / "a.jsonl").write_text('{"text": "Some words of a text."}\n', encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text(_RECIPE.format(folder=folder), encoding="utf-8")
    repository, names = build_definitions(str(recipe)).get_repository_def(), Names.of(load_recipe(recipe))
    cursors: dict[str, str | None] = {}
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        for word in _TICKS:
            given = {"workspace": WorkspaceResource(recipe_path=str(recipe))}
            with dg.build_sensor_context(
                instance, cursors.get(word), repository_def=repository, resources=given
            ) as context:
                processor, clock = time.process_time(), time.perf_counter()
                found = repository.get_sensor_def(names.of_recipe(word)).evaluate_tick(context)
                seconds = time.process_time() - processor, time.perf_counter() - clock
            cursors[word] = found.cursor
            yield [f"{snapshots:,}", word, *(f"{some:.1f}" for some in seconds), f"{len(found.run_requests or ()):,}"]


def main() -> None:
    """Evaluate ticks, and show what they took."""
    arguments = parser(__doc__)
    arguments.add_argument("--snapshots", type=int, nargs="+", default=[250, 500, 1000, 2000])
    rows = []
    for snapshots in arguments.parse_args().snapshots:
        with tempfile.TemporaryDirectory() as folder:
            for row in ticks(Path(folder), snapshots):
                rows.append(row)
                print(*row, sep=" | ", flush=True)
    show("Ticks", ("snapshots", "sensor", "s of processor", "s", "runs asked for"), rows)


if __name__ == "__main__":
    main()
