"""Kernels are compiled before their stages run: once for their code, and so that real data asks for no others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from numba.core import event

from data_platform.filtering.signals import quality_signals
from data_platform.pipeline import warm
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe


def test_a_stage_is_compiled_once_for_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_mark", lambda stage: tmp_path / stage.code_version)
    every = stages(load_recipe("recipes/demo.yaml")).values()
    cold = warm.cold(every)
    assert [stage.name for stage in cold] == ["quality_signals", "documents", "refinement_programs"]
    warm.compile_kernels(cold[2:])
    assert warm.cold(every) == cold[:2]


def test_real_texts_need_no_kernel_that_the_sample_does_not() -> None:
    warm.run_sample("quality_signals")
    with event.install_recorder("numba:compile") as compiled:
        quality_signals(pa.chunked_array([["Ein Text, und noch einer.\n\n", "漢字かな交じり文。[edit] … {x}", ""]]))
    assert not compiled.buffer
