"""What commands share: which lake is meant, and what is said where none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.cli.common import workspace_of
from data_platform.core.tables import plan_table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.proof.trace import NotFound

RECIPE = """
name: any
lake: {lake}
sources: [{{name: a, snapshot: one, paths: [a.warc]}}]
mixtures: {{proxy: {{tokens: 9, weights: {{web: 1}}, publish: false}}}}
"""


def test_of_a_plan_alone_it_is_said_that_it_has_no_texts(tmp_path: Path) -> None:
    lake, declared, recipe = Lake(str(tmp_path / "lake")), plan_table("proxy"), tmp_path / "any.yaml"
    recipe.write_text(RECIPE.format(lake=lake.uri))
    with pytest.raises(NotFound, match="no mixture 'proxy'; mixtures: none yet"):
        workspace_of("proxy", str(recipe))
    made = Provenance(asset_key=declared.name, code_version="1", config={}, inputs=(), run_id="", git_commit="")
    lake.write(declared, Partition.of(declared), declared.schema.empty_table(), made)
    with pytest.raises(NotFound, match="proxy is a plan alone, without texts"):
        workspace_of("proxy", str(recipe))
