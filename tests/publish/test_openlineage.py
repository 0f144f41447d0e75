"""Events about runs: what they say, that a server and a file get them, and that nobody answering stops nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attr
import jsonschema
import pyarrow as pa
import pytest
from openlineage.client.event_v2 import RunEvent
from openlineage.client.facet_v2 import column_lineage_dataset, dataset_version_dataset, schema_dataset

from data_platform.core.errors import PlainError
from data_platform.core.settings import RecipeError
from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.publish import openlineage
from data_platform.publish.openlineage import (
    COMMIT_FACET,
    LICENSE_FACET,
    Emitter,
    emitter_of,
    facet_schema,
    licenses_of,
    told,
)
from data_platform.run.recipe import Recipe, load_recipe
from data_platform.run.stage import Files, Stage, Work, execute
from data_platform.run.workspace import Workspace

RUN = "6f1c1f9e-6f0a-4a2b-8f0e-3a1d6f4f2a10"


@pytest.fixture(autouse=True)
def nobody_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE_DISABLED"):
        monkeypatch.delenv(name, raising=False)


class _Server(ThreadingHTTPServer):
    def __init__(self, status: int = 200, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.delay = status, delay
        self.events: list[dict] = []
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers["Authorization"]))
        time.sleep(self.server.delay)
        if self.server.status == 200:
            self.server.events.append(body)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Not to the terminal."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _rows(ids: str, snapshot: str) -> pa.Table:
    licenses = {"a": ("MIT", 1), "b": ("CC0-1.0", 0), "c": ("MIT", 1)}
    rows = [
        {"doc_id": id_ * 32, "snapshot": snapshot, "license_spdx": licenses[id_][0], "license_tier": licenses[id_][1],
         "strictest_spdx": licenses[id_][0], "strictest_tier": licenses[id_][1],
         "license_basis": "registry", "license_confidence": 1.0, "opt_out": False, "contradicted": False,
         "attribution": "", "evidence_count": 1, "resolver": "resolve@2"} for id_ in ids
    ]
    return pa.Table.from_pylist(rows, schema=table("document_licenses").schema)


def _mixture(work: Work) -> Files:
    """Rows of a mixture over what was read."""
    read = work.rows("document_licenses").to_pylist()
    declared = table("mixture_open")
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    blank = {column.name: column.type.to_pandas_dtype()(0) if any(is_a(column.type) for is_a in numbers) else "x"
             for column in declared.columns}
    rows = [{**blank, "fetched_at": None, "token_count": 10, **{key: row[key] for key in row if key in declared}}
            for row in read]
    return work.files(pa.Table.from_pylist(rows, schema=declared.schema))


LICENSES = Stage("document_licenses", "test", (), lambda work: work.files(_rows("ab" if work.snapshot == "one" else "c",
                                                                                work.snapshot)),
                 lambda workspace, snapshot: {}, )
_FROM = {"license_spdx": ("document_licenses.license_spdx",)}
MIXTURE = Stage(
    "mixture_open", "test", ("document_licenses",), _mixture, lambda workspace, snapshot: {}, partitioned=False,
    table=replace(table("mixture_open"), columns=tuple(
        replace(column, derived_from=_FROM.get(column.name, column.derived_from))
        for column in table("mixture_open").columns)),
)


def _recipe(**openlineage_settings: object) -> Recipe:
    return Recipe.model_validate({
        "name": "told", "mixtures": {"open": {"tokens": 1, "weights": {"web": 1}}},
        "sources": [{"name": name, "snapshot": name, "paths": ["none"]} for name in ("one", "two")],
        "openlineage": openlineage_settings or None,
    })


def _run(workspace: Workspace) -> None:
    for stage, snapshot in ((LICENSES, "one"), (LICENSES, "two"), (MIXTURE, None)):
        with told(workspace, stage, snapshot, RUN) as tell:
            tell(execute(stage, workspace, snapshot, RUN))


def _fail(workspace: Workspace, error: Exception) -> None:
    with pytest.raises(type(error)), told(workspace, MIXTURE, None, RUN, attempt=1):
        raise error


def _as_specified(event: dict) -> None:
    """Take an event apart and make it again by the classes of the client: they refuse what is not specified."""
    known = {field.name for field in attr.fields(RunEvent)}
    assert event.keys() <= known and event["schemaURL"].startswith("https://openlineage.io/spec/2-0-2/")
    RunEvent(eventTime=event["eventTime"], producer=event["producer"], run=event["run"], job=event["job"])
    classes = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet, "schema": schema_dataset.SchemaDatasetFacet,
        "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    }
    for dataset in (*event["inputs"], *event["outputs"]):
        for name, facet in dataset["facets"].items():
            plain = {key: value for key, value in facet.items() if not key.startswith("_")}
            assert facet["_producer"] == "urn:data-platform" and facet["_schemaURL"]
            if name in classes:
                assert classes[name](**plain)._schemaURL == facet["_schemaURL"]
            elif name.startswith("dataPlatform_"):
                schema = facet_schema(facet["_schemaURL"].rpartition(":")[2])
                assert schema["$id"] == facet["_schemaURL"]
                jsonschema.Draft202012Validator(schema).validate(facet)


def test_a_server_is_told_of_every_partition(server: _Server, tmp_path: Path) -> None:
    recipe = _recipe(url=server.url, api_key="secret")
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    _run(workspace)
    _fail(workspace, PlainError("no source is there"))
    _fail(workspace, ValueError("a sentence of a document"))
    delivery = emitter_of(recipe).settle(10)
    assert (delivery.sent, delivery.failed, str(delivery)) == (10, 0, "OpenLineage: 10 events sent")
    assert set(server.seen) == {("/api/v1/lineage", "Bearer secret")}
    assert [(event["eventType"], event["job"]["name"]) for event in server.events] == [
        ("START", "told.document_licenses.one"), ("COMPLETE", "told.document_licenses.one"),
        ("START", "told.document_licenses.two"), ("COMPLETE", "told.document_licenses.two"),
        ("START", "told.mixture_open"), ("COMPLETE", "told.mixture_open"),
        ("START", "told.mixture_open"), ("FAIL", "told.mixture_open"),
        ("START", "told.mixture_open"), ("FAIL", "told.mixture_open"),
    ]
    runs = [event["run"]["runId"] for event in server.events]
    assert runs[0] == runs[1] != runs[2] and runs[4] == runs[5] != runs[6]
    assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in server.events} == {RUN}
    for event in server.events:
        _as_specified(event)
    messages = [event["run"]["facets"]["errorMessage"]["message"] for event in server.events[7::2]]
    assert messages[0] == "no source is there" and messages[1].startswith("ValueError at")
    assert "sentence" not in json.dumps(server.events)

    mixture = server.events[5]
    (read,), (written,) = mixture["inputs"], mixture["outputs"]
    lake = workspace.lake
    assert (read["namespace"], read["name"]) == ("file", str(tmp_path / "lake" / "document_licenses"))
    assert read["facets"]["version"]["datasetVersion"] == str(lake.pin("document_licenses", "one").version)
    parts = read["inputFacets"]["subset"]["inputCondition"]["partitions"]
    assert [part["dimensions"] for part in parts] == [{"snapshot": "one"}, {"snapshot": "two"}]
    assert written["facets"]["version"]["datasetVersion"] == str(lake.pin("mixture_open").version)
    assert written["facets"][LICENSE_FACET]["licenses"] == [
        {"spdx": "CC0-1.0", "tier": 0, "rows": 1, "tokens": 10}, {"spdx": "MIT", "tier": 1, "rows": 2, "tokens": 20},
    ]
    assert written["facets"][COMMIT_FACET]["recipe"] == lake.history("mixture_open")[0]["recipe"]
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
    lineage = written["facets"]["columnLineage"]["fields"]
    assert lineage["license_spdx"]["inputFields"] == [{
        "namespace": "file", "name": str(tmp_path / "lake" / "document_licenses"), "field": "license_spdx",
        "transformations": [{"type": "DIRECT", "subtype": "IDENTITY",
                             "description": table("mixture_open")["license_spdx"].description}],
    }]
    assert "text" not in lineage, "of an input that this stage does not read"
    one, two = (event["outputs"][0]["facets"] for event in server.events[1:4:2])
    assert one[LICENSE_FACET]["licenses"] == [
        {"spdx": "CC0-1.0", "tier": 0, "rows": 1}, {"spdx": "MIT", "tier": 1, "rows": 1}
    ]
    assert two[COMMIT_FACET]["partition"] == "two"


def test_a_file_takes_one_event_a_line(tmp_path: Path) -> None:
    recipe = _recipe(file=str(tmp_path / "events.jsonl"), namespace="corpora")
    _run(Workspace(recipe, Lake(str(tmp_path / "lake"))))
    assert emitter_of(recipe).settle(10).sent == 6
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"] * 3
    assert {event["job"]["namespace"] for event in events} == {"corpora"}
    # What was there already is told of as well, and nothing is written for it.
    _run(Workspace(recipe, Lake(str(tmp_path / "lake"))))
    assert emitter_of(recipe).settle(10).sent == 12


def test_the_environment_says_where_to(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert emitter_of(_recipe()) is None
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    monkeypatch.chdir(tmp_path)
    openlineage._emitter.cache_clear()
    workspace = Workspace(_recipe(), Lake(str(tmp_path / "lake")))
    _run(workspace)
    assert emitter_of(workspace.recipe).settle(10).sent == len(server.events) == 6
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert emitter_of(workspace.recipe) is None


def test_nobody_answering_stops_and_slows_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Bound and not listening: every connection is refused.
        taken.bind(("127.0.0.1", 0))
        recipe = _recipe(url=f"http://127.0.0.1:{taken.getsockname()[1]}", timeout_seconds=1)
        workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
        _run(workspace)
        delivery = emitter_of(recipe).settle(10)
    assert workspace.lake.count("mixture_open") == 3
    assert (delivery.sent, delivery.failed) == (0, 6)
    assert str(delivery) == "OpenLineage: 0 events sent, 6 NOT delivered (ConnectionError)"


def test_what_is_not_delivered_in_time_is_counted() -> None:
    release = threading.Event()

    class Slow:
        def emit(self, event: object) -> None:
            release.wait(10)

    emitter = Emitter(Slow)
    for _ in range(5):
        emitter.emit(lambda: None)
    assert str(emitter.settle(0.05)) == "OpenLineage: 0 events sent, 5 NOT delivered (no answer within 0.05 s)"
    for _ in range(2_000):
        emitter.emit(lambda: None)
    assert emitter.delivery.failed >= 1_000 and "more than 1,000 were waiting" in emitter.delivery.reason
    release.set()


def test_nobody_is_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    def connect() -> None:
        raise RuntimeError("no such transport")

    emitter = Emitter(connect)
    emitter.emit(lambda: None)
    assert emitter.settle(5).failed == 1
    emitter.last_words()
    assert not caplog.messages
    emitter.emit(lambda: None)
    emitter.last_words()
    assert caplog.messages == ["OpenLineage: 0 events sent, 2 NOT delivered (RuntimeError)"]


def test_after_a_few_failures_no_event_is_waited_for() -> None:
    tried = []

    class Down:
        def emit(self, event: object) -> None:
            tried.append(event)
            raise urllib.error.URLError("down")

    emitter = Emitter(Down)
    for _ in range(50):
        emitter.emit(lambda: None)
    assert emitter.settle(5).failed == 50 and len(tried) == 3


def test_a_client_that_cannot_be_made_is_a_failed_delivery() -> None:
    def connect() -> None:
        raise RuntimeError("no such transport")

    emitter = Emitter(connect)
    emitter.emit(lambda: None)
    assert str(emitter.settle(5)) == "OpenLineage: 0 events sent, 1 NOT delivered (RuntimeError)"


def test_licenses_of_an_empty_table(tmp_path: Path) -> None:
    workspace = Workspace(_recipe(), Lake(str(tmp_path)))
    empty = Stage("document_licenses", "test", (), lambda work: work.files(_rows("", work.snapshot)),
                  lambda workspace, snapshot: {}, )
    commit = execute(empty, workspace, "one")
    assert licenses_of(workspace.lake, "document_licenses", "one", commit.version) == []


@pytest.mark.parametrize("settings", [{}, {"url": "http://a", "file": "b"}, {"url": "localhost:5000"}])
def test_a_recipe_names_one_place(settings: dict, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({
        "name": "told", "sources": [{"name": "a", "snapshot": "b", "paths": ["c"]}], "openlineage": settings,
        "mixtures": {"open": {"tokens": 1, "weights": {"web": 1}}},
    }))
    with pytest.raises(RecipeError, match="openlineage"):
        load_recipe(path)
