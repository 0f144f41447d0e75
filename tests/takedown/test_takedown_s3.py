"""A takedown in an object store: a real S3 endpoint on this machine."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, VersionGone
from data_platform.takedown.execute import Order, Places, execute
from data_platform.takedown.plan import Selectors
from data_platform.takedown.receipt import verify
from data_platform.text.identity import exact_hash
from tests.filtering.lakes import _row
from tests.lake.test_lake import made_by, verdicts
from tests.lake.test_lake_s3 import bucket  # noqa: F401 - a fixture
from tests.takedown.lakes import essay


def test_rows_go_from_every_version_of_an_object_store(bucket: str) -> None:  # noqa: F811
    lake = Lake(bucket)
    texts = [essay(name) for name in ("alpha", "beta")]
    rows = [
        _row("documents", {"doc_id": f"{number:032x}", "snapshot": "a", "text": text,
                           "text_hash": exact_hash(pa.array([text]))[0].as_py()})
        for number, text in enumerate(texts)
    ]
    schema = table("documents").schema
    for code in ("1", "2"):
        lake.write("documents", Partition.of("documents", "a"), pa.Table.from_pylist(rows, schema), made_by(code))
    lake.write("filter_verdicts", Partition.of("filter_verdicts", "a"), verdicts("a", 2), made_by("1"))
    order = Order(Selectors.of(documents=[f"{0:032x}"]), "asked", "A. Uthor")
    receipt = execute(lake, order, Places())
    assert receipt["absent"] and len(receipt["files_deleted"]) == 3 and receipt["searched_for"]["probes"]
    assert lake.read_table("documents", ["doc_id"])["doc_id"].to_pylist() == [f"{1:032x}"]
    assert lake.count("filter_verdicts") == 1
    for version in (1, 2):
        with pytest.raises(VersionGone):
            lake.read_table("documents", version=version)
    assert verify(lake, receipt, Places())["absent"]
