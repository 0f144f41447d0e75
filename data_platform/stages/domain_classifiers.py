"""The stage that trains the cascades of branches."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.sorter import Labelled
from data_platform.core.tables import table
from data_platform.methods.branches.cascade import TwoClassifiers
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.branches import in_order, with_cascade


def _write(work: Work) -> Files:
    from data_platform.branches.route import findings
    from data_platform.models.store import publish

    labels = work.rows("domain_labels").sort_by("label_id")
    rows = []
    for name, branch in with_cascade(work.recipe).items():
        mine = labels.filter(pc.equal(labels["branch"], name))
        texts = mine["text"].combine_chunks()
        seen = findings(texts, work.recipe.branches)
        proposed = seen.proposes(name)
        with tempfile.TemporaryDirectory() as folder:
            labelled = Labelled(
                texts, mine["label"].to_numpy(), mine["origin"].to_pylist(),
                pc.equal(mine["split"], "held_out").to_numpy(),
                np.zeros(len(texts), bool) if proposed is None else proposed, seen.features,
            )
            trained = TwoClassifiers(branch.cascade).train(labelled, Path(folder))
            row = publish(
                Path(folder), work.lake.uri, f"branch_{name}", license_spdx=trained.license,
                parameters=trained.parameters, training_texts=trained.training_texts, metrics=trained.metrics,
                storage_options=work.lake.storage_options,
            )
        rows.append({"branch": name, **row})
    return work.files(pa.Table.from_pylist(rows, schema=table("domain_classifiers").schema))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"branches": in_order(workspace.recipe, {"labels", "held_out"})}


DOMAIN_CLASSIFIERS = Stage(
    name="domain_classifiers", group="branches", inputs=("domain_labels",),
    run=_write, config=_config, partitioned=False, phase="prepare", books=None,
    methods=(TwoClassifiers,),
)
