"""Distributions: counted by hand, in documents and tokens, whatever the files and batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.columns import Column
from data_platform.core.tables import table
from data_platform.lake.distributions import distributions
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.methods.scores.perplexity import Perplexity
from data_platform.methods.scores.quality import Quality

NAME = "quality_annotations"


ANNOTATIONS = replace(table("quality_annotations"), columns=(
    *table("quality_annotations").columns, *Perplexity.gives, Column("perplexity_model", pa.string(), "Model."),
    *Quality.gives, Column("quality_model", pa.string(), "Model."),
))


def annotations(scores: list[float], perplexities: list[float]) -> pa.Table:
    rows = [
        {"doc_id": f"{at:032x}", "snapshot": "a", "perplexity": perplexity, "bits_per_byte": 1.0,
         "perplexity_model": "m", "quality_score": score, "quality_model": "q"}
        for at, (score, perplexity) in enumerate(zip(scores, perplexities, strict=True))
    ]
    return pa.Table.from_pylist(rows, schema=ANNOTATIONS.schema)


def write(lake: Lake, name: str, rows: pa.Table, code: str = "1") -> None:
    declared = ANNOTATIONS if name == NAME else table(name)
    place = Partition.of(declared, "a") if declared.partition_by else Partition()
    lake.write(declared, place, rows, Provenance(name, code, {}, (), "run", ""))


def bins(lake: Lake, name: str, column: str) -> dict[str, tuple[int, int | None]]:
    found = {each.column: each for each in distributions(lake, ANNOTATIONS if name == NAME else name)}
    return {item.label: (item.documents, item.tokens) for item in found[column].bins}


def test_scores_fall_into_tenths_and_perplexities_between_powers_of_two(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, NAME, annotations([0.0, 0.05, 0.1, 0.95, 1.0], [0.0, 0.5, 1.0, 7.9, 8.0]))
    assert bins(lake, NAME, "quality_score") == {
        "0.0 to 0.1": (2, None), "0.1 to 0.2": (1, None), "0.9 to 1.0": (2, None)
    }
    assert bins(lake, NAME, "perplexity") == {
        "0 or less": (1, None), "0.5 to 1": (1, None), "1 to 2": (1, None), "4 to 8": (1, None), "8 to 16": (1, None)
    }
    assert bins(lake, NAME, "quality_model") == {"q": (5, None)}
    assert "doc_id" not in {each.column for each in distributions(lake, NAME)}


def test_documents_are_counted_with_their_tokens_by_month_and_domain(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    name = "deduplicated_documents"
    january, may = datetime(2020, 1, 31, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
    dates = [january, may, None, january]
    filler = {
        field.name: {"string": "x", "large_string": "x"}.get(str(field.type), 1) for field in table(name).schema
    }
    rows = [
        {**filler, "doc_id": f"{at:032x}", "snapshot": "a", "url": f"http://{at}", "fetched_at": date,
         "domain": "math" if at else "code", "token_count": 10**at}
        for at, date in enumerate(dates)
    ]
    write(lake, name, pa.Table.from_pylist(rows, schema=table(name).schema))
    assert bins(lake, name, "fetched_at") == {"2020-01": (2, 1_001), "2024-05": (1, 10), "none": (1, 100)}
    assert bins(lake, name, "domain") == {"math": (3, 1_110), "code": (1, 1)}
    assert not {"url", "text"} & {each.column for each in distributions(lake, name)}, "all distinct, and text"


def test_every_broken_rule_of_a_list_counts(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    failed = [["a", "b"], [], ["b"], []]
    rows = [
        {"doc_id": f"{at:032x}", "snapshot": "a", "kept": not rules, "reason": rules[0] if rules else "",
         "failed": rules}
        for at, rules in enumerate(failed)
    ]
    write(lake, "filter_verdicts", pa.Table.from_pylist(rows, schema=table("filter_verdicts").schema))
    assert bins(lake, "filter_verdicts", "failed") == {"b": (2, None), "a": (1, None)}
    assert bins(lake, "filter_verdicts", "kept") == {"false": (2, None), "true": (2, None)}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_every_row_is_in_one_bin(tmp_path_factory, scores: list[float]) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    write(lake, NAME, annotations(scores, [score * 1e6 for score in scores]))
    for column in ("quality_score", "perplexity"):
        assert sum(documents for documents, _ in bins(lake, NAME, column).values()) == len(scores)
