"""OpenLineage: what every run read and wrote, told to whoever follows lineage, such as Marquez or DataHub.

Each partition of a table that is brought up to date sends START and then COMPLETE or FAIL, after version 2-0-2 of the
specification (https://openlineage.io/spec/2-0-2/OpenLineage.json): inputs and outputs with their Delta versions, schema
and column lineage from the column registry, and two facets of our own, whose JSON schemas are in `openlineage_facets`:
the licences of what was written, and the commit that wrote it. Where to, the recipe says (`openlineage`), else the
environment as the OpenLineage client reads it: OPENLINEAGE_URL, OPENLINEAGE_CONFIG, OPENLINEAGE__TRANSPORT__TYPE.

A run is never stopped or slowed by this: events are made and sent by a thread of their own. While nobody answers, they
are given up and counted, and the run says so at its end. No event holds a value of a text.

Here belong events and their delivery. Not here: when they are due (`assets/graph.py`).
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from data_platform.core.columns import Table
from data_platform.core.errors import describe
from data_platform.core.extras import OPENLINEAGE, need
from data_platform.core.tables import table
from data_platform.lake.lake import Commit, Lake
from data_platform.run.recipe import OpenLineage, Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

PRODUCER = "urn:data-platform"
LICENSE_FACET = "dataPlatform_license"
COMMIT_FACET = "dataPlatform_commit"
_ENVIRONMENT = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")
_ENVIRONMENT_PREFIX = "OPENLINEAGE__TRANSPORT"
_QUEUE = 1_000
_FAILURES_IN_A_ROW = 3
_REST_SECONDS = 60.0
_log = logging.getLogger(__name__)


@cache
def facet_schema(name: str) -> dict[str, Any]:
    """The JSON schema of one of our facets, by the name of its file in `openlineage_facets`."""
    facets = resources.files("data_platform.publish").joinpath("openlineage_facets")
    text = facets.joinpath(f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


# -- delivery ---------------------------------------------------------------------------------------------------------


@dataclass
class Delivery:
    """What became of the events of this process so far, and why the last one failed, if one did."""

    sent: int = 0
    failed: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if not self.failed:
            return f"OpenLineage: {self.sent:,} events sent"
        return f"OpenLineage: {self.sent:,} events sent, {self.failed:,} NOT delivered ({self.reason})"


class Emitter:
    """Makes and sends events in a thread of its own. `emit` returns at once, whatever becomes of the event."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._client: Any = None
        self._queue: queue.Queue[Callable[[], RunEvent]] = queue.Queue(_QUEUE)
        self._in_a_row = 0
        self._rest_until = 0.0
        self._thread: threading.Thread | None = None
        self._told = 0
        self.delivery = Delivery()

    def emit(self, event: Callable[[], RunEvent]) -> None:
        """Send what `event` makes; it is called later, and must read nothing but what is pinned."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="openlineage", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self._fail(f"more than {_QUEUE:,} were waiting")

    def settle(self, seconds: float) -> Delivery:
        """Wait for what is under way, at most so long; what is left then counts as not delivered."""
        limit = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < limit:
            time.sleep(0.01)
        left = self._queue.unfinished_tasks
        reason = self.delivery.reason or (f"no answer within {seconds:g} s" if left else "")
        self._told = self.delivery.failed + left
        return Delivery(self.delivery.sent, self._told, reason)

    def last_words(self) -> None:
        """At the end of the process, log what was not delivered, unless somebody was told that already."""
        told = self._told
        delivery = self.settle(2.0)
        if delivery.failed > told:
            _log.warning("%s", delivery)

    def _work(self) -> None:
        while True:
            make = self._queue.get()
            try:
                if time.monotonic() < self._rest_until:
                    # Nobody answered a moment ago: no event is worth waiting for a time-out each.
                    self._fail(self.delivery.reason)
                    continue
                if self._client is None:
                    self._client = self._connect()
                self._client.emit(make())
                self.delivery.sent += 1
                self._in_a_row = 0
            except Exception as error:
                # Whatever it is, it is no reason to stop a run; it is counted.
                self._fail(_reason(error))
                self._in_a_row += 1
                if self._in_a_row >= _FAILURES_IN_A_ROW:
                    self._rest_until = time.monotonic() + _REST_SECONDS
            finally:
                self._queue.task_done()

    def _fail(self, reason: str) -> None:
        self.delivery.failed += 1
        self.delivery.reason = reason


def _reason(error: Exception) -> str:
    """Kind of an error, and the HTTP status if there was one. Messages may quote addresses with keys in them."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return type(error).__name__ + (f" {status}" if status else "")


def is_asked(recipe: Recipe) -> bool:
    """Whether the recipe or the environment asks for events, and the environment does not forbid them."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return recipe.openlineage is not None or any(os.environ.get(name) for name in _ENVIRONMENT) or any(
        name.startswith(_ENVIRONMENT_PREFIX) for name in os.environ
    )


def emitter_of(recipe: Recipe) -> Emitter | None:
    """The emitter that the recipe or the environment asks for, one per process; None if neither does."""
    return _emitter(recipe.openlineage) if is_asked(recipe) else None


@lru_cache(maxsize=8)
def _emitter(settings: OpenLineage | None) -> Emitter:
    need(OPENLINEAGE)

    def connect() -> Any:
        from openlineage.client import OpenLineageClient
        from openlineage.client.event_v2 import set_producer

        set_producer(PRODUCER)
        return OpenLineageClient(config={"transport": _transport(settings)} if settings else None)

    emitter = Emitter(connect)
    atexit.register(emitter.last_words)
    return emitter


def _transport(settings: OpenLineage) -> dict[str, Any]:
    if settings.file:
        return {"type": "file", "log_file_path": os.path.abspath(settings.file), "append": True}
    transport = {
        "type": "http", "url": settings.url, "endpoint": settings.endpoint, "timeout": settings.timeout_seconds,
        "retry": {"total": 1, "backoff_factor": 0.2, "status_forcelist": [502, 503, 504], "allowed_methods": ["POST"]},
    }
    return transport | ({"auth": {"type": "api_key", "apiKey": settings.api_key}} if settings.api_key else {})


@contextmanager
def told(
    workspace: Workspace, stage: Stage, snapshot: str | None, run_id: str, attempt: int = 0
) -> Iterator[Callable[[Commit], Commit]]:
    """Tell of one attempt to bring a partition up to date: START now, COMPLETE with the commit that is given to what
    the context yields, FAIL with what is raised. Nothing if nobody is to be told.
    """
    emitter = emitter_of(workspace.recipe)
    if emitter is None:
        yield lambda commit: commit
        return
    about = Materialization(workspace.recipe, workspace.lake, stage, snapshot, run_id, attempt)

    def complete(commit: Commit) -> Commit:
        emitter.emit(about.completed(commit))
        return commit

    emitter.emit(about.started())
    try:
        yield complete
    except BaseException as error:
        emitter.emit(about.failed(describe(error)))
        raise


# -- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Materialization:
    """One attempt to bring one partition of a table up to date, of which events tell."""

    recipe: Recipe
    lake: Lake
    stage: Stage
    snapshot: str | None
    run_id: str
    attempt: int = 0

    @property
    def event_run_id(self) -> str:
        """The run that the events are of: the same for START and what follows, another for every attempt."""
        place = f"{self.run_id}/{self.stage.name}/{self.snapshot or ''}/{self.attempt}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}:{place}"))

    def started(self) -> Callable[[], RunEvent]:
        """START, with the names of what will be read and written."""
        at = _now()
        return lambda: self._event("START", at, [self._input(name) for name in self.stage.inputs],
                                   [_output(self.lake, self.stage.declared, self.stage.inputs)])

    def completed(self, commit: Commit) -> Callable[[], RunEvent]:
        """COMPLETE, with the versions that were read and written, and the licences of what was written."""
        at = _now()
        return lambda: self._completed(at, commit)

    def failed(self, message: str) -> Callable[[], RunEvent]:
        """FAIL; the message must hold no text of a document."""
        at = _now()
        return lambda: self._event(
            "FAIL", at, [self._input(name) for name in self.stage.inputs],
            [_output(self.lake, self.stage.declared, self.stage.inputs)], message,
        )

    def _completed(self, at: str, commit: Commit) -> RunEvent:
        partition = str(self.stage.partition(self.snapshot))
        made = next(
            row for row in self.lake.history(self.stage.name)
            if row["partition"] == partition and row["version"] <= commit.version
        )
        inputs: dict[tuple[str, int], list[str]] = {}
        for pin in json.loads(made["inputs"]):
            inputs.setdefault((pin["table"], pin["version"]), []).append(pin["partition"])
        names = (self.stage.name, *self.stage.sides)
        return self._event(
            "COMPLETE", at, [self._input(name, version, parts) for (name, version), parts in inputs.items()],
            [
                _output(
                    self.lake, self.stage.declaration_of(name), self.stage.inputs,
                    made if name == self.stage.name else None,
                )
                for name in names if self.lake.exists(name)
            ],
        )

    def _input(self, name: str, version: int | None = None, partitions: list[str] | None = None) -> InputDataset:
        from openlineage.client.event_v2 import InputDataset
        from openlineage.client.facet_v2 import base_subset_dataset, dataset_version_dataset

        declared = self.lake.table(name) if self.lake.exists(name) else table(name)
        facets: dict[str, Any] = {"schema": _schema(declared), "symlinks": _alias(self.lake, name)}
        if version is not None:
            facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(str(version))
        read = [part for part in partitions or [] if part]
        column = declared.partition_by[:1]
        subset = {
            "subset": base_subset_dataset.InputSubsetInputDatasetFacet(base_subset_dataset.PartitionSubsetCondition(
                [base_subset_dataset.Partition({column[0]: part}, identifier=part) for part in read]
            ))
        } if read and column else {}
        return InputDataset(*_place(self.lake, name), facets=facets, inputFacets=subset)

    def _event(
        self, kind: str, at: str, inputs: list[InputDataset], outputs: list[OutputDataset], message: str | None = None
    ) -> RunEvent:
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
        from openlineage.client.facet_v2 import (
            documentation_job,
            error_message_run,
            job_type_job,
            parent_run,
            processing_engine_run,
        )

        namespace = self.recipe.openlineage.namespace if self.recipe.openlineage else "data-platform"
        run: dict[str, Any] = {
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
                metadata.version("dagster"), "Dagster", metadata.version("data-platform")
            ),
        }
        if _is_uuid(self.run_id):
            run["parent"] = parent_run.ParentRunFacet.create(self.run_id, namespace, self.recipe.name)
        if message is not None:
            run["errorMessage"] = error_message_run.ErrorMessageRunFacet(message, "PYTHON")
        name = f"{self.recipe.name}.{self.stage.name}" + (f".{self.snapshot}" if self.snapshot else "")
        return RunEvent(
            eventTime=at, producer=PRODUCER, eventType=RunState[kind], run=Run(self.event_run_id, run),
            job=Job(namespace, name, {
                "documentation": documentation_job.DocumentationJobFacet(self.stage.declared.description),
                "jobType": job_type_job.JobTypeJobFacet("BATCH", "DATA_PLATFORM", "STAGE"),
            }),
            inputs=inputs, outputs=outputs,
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _place(lake: Lake, name: str) -> tuple[str, str]:
    """Namespace and name of a table by the naming rules of OpenLineage: its store, and its path in it."""
    parts = urlsplit(lake.table_uri(name))
    if parts.scheme in ("", "file"):
        return "file", parts.path
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")


def _alias(lake: Lake, name: str) -> Any:
    from openlineage.client.facet_v2 import symlinks_dataset

    return symlinks_dataset.SymlinksDatasetFacet([symlinks_dataset.Identifier(lake.uri, name, "TABLE")])


def _schema(declared: Table) -> Any:
    from openlineage.client.facet_v2 import schema_dataset

    return schema_dataset.SchemaDatasetFacet([
        schema_dataset.SchemaDatasetFacetFields(column.name, str(column.type), column.description, number)
        for number, column in enumerate(declared.columns, start=1)
    ])


def _column_lineage(lake: Lake, declared: Table, inputs: tuple[str, ...]) -> Any:
    from openlineage.client.facet_v2 import column_lineage_dataset

    fields = {}
    for column in declared.columns:
        origins = [origin.partition(".")[::2] for origin in column.derived_from]
        if known := [(name, field) for name, field in origins if name in inputs]:
            carried = [field for _, field in known] == [column.name]
            transformation = column_lineage_dataset.Transformation(
                "DIRECT", "IDENTITY" if carried else "TRANSFORMATION", column.description
            )
            fields[column.name] = column_lineage_dataset.Fields([
                column_lineage_dataset.InputField(*_place(lake, name), field, [transformation]) for name, field in known
            ])
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields)


def _output(
    lake: Lake, declared: Table, inputs: tuple[str, ...], made: Mapping[str, Any] | None = None
) -> OutputDataset:
    """What is written, and with the commit that wrote it, its version, rows and licences."""
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import dataset_version_dataset, output_statistics_output_dataset

    facets: dict[str, Any] = {
        "schema": _schema(declared), "columnLineage": _column_lineage(lake, declared, inputs),
        "symlinks": _alias(lake, declared.name),
    }
    statistics = {}
    if made is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(str(made["version"]))
        facets[COMMIT_FACET] = _facet("CommitDatasetFacet", {
            "tableId": made["table_id"], "partition": made["partition"], "recipe": made["recipe"],
            "codeVersion": made["code_version"], "gitCommit": made["git_commit"],
        })
        statistics["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=made["rows"]
        )
        if "license_spdx" in declared:
            facets[LICENSE_FACET] = _facet("LicenseDatasetFacet", {
                "licenses": licenses_of(lake, declared.name, made["partition"] or None, made["version"])
            })
    return OutputDataset(*_place(lake, declared.name), facets=facets, outputFacets=statistics)


def licenses_of(lake: Lake, name: str, partition: str | None, version: int) -> list[dict[str, Any]]:
    """Rows, and tokens if the table counts them, by SPDX expression and tier, the freest first."""
    from data_platform.spdx.tiers import tier

    declared = lake.table(name, version)
    counted = "token_count" in declared
    keys = [column for column in ("license_spdx", "license_tier") if column in declared]
    parts = []
    for batch in lake.read(name, [*keys, *(["token_count"] if counted else [])], partition, version, batch_rows=65_536):
        sums = [("license_spdx", "count"), *([("token_count", "sum")] if counted else [])]
        parts.append(pa.Table.from_batches([batch]).group_by(keys).aggregate(sums))
    if not parts:
        return []
    sums = [("license_spdx_count", "sum"), *([("token_count_sum", "sum")] if counted else [])]
    found = pa.concat_tables(parts).group_by(keys).aggregate(sums).to_pylist()
    rows = [
        {"spdx": row["license_spdx"], "tier": row.get("license_tier", tier(row["license_spdx"])),
         "rows": row["license_spdx_count_sum"], **({"tokens": row["token_count_sum_sum"] or 0} if counted else {})}
        for row in found
    ]
    return sorted(rows, key=lambda row: (row["tier"], row["spdx"]))


def _facet(schema: str, values: Mapping[str, Any]) -> Any:
    """One of our own facets, with the address of its schema."""
    import attr
    from openlineage.client.facet_v2 import DatasetFacet

    address = facet_schema(schema)["$id"]
    made = attr.make_class(
        schema, {name: attr.field() for name in values}, bases=(DatasetFacet,),
        class_body={"_get_schema": staticmethod(lambda: address)}, slots=False,
    )
    return made(**values)
