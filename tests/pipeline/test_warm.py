"""Kernels are compiled before their stages run: once for their code, and so that real data asks for no others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from numba.core import event

from data_platform.filtering.signals import quality_signals
from data_platform.kernels import cache
from data_platform.pipeline import warm
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe


def test_stages_have_the_samples_of_what_they_compute_with() -> None:
    flow = stages(load_recipe("recipes/demo.yaml"))
    needed = {name: {*warm.samples([stage])} for name, stage in flow.items()}
    assert needed["quality_signals"] == {"data_platform.filtering.signals"}
    assert needed["documents"] >= {"data_platform.extract.batch", "data_platform.language.identify"}
    assert not needed["document_licenses"]


def test_a_sample_is_run_once_for_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "kernel_folder", lambda module: tmp_path / module)
    flow = stages(load_recipe("recipes/demo.yaml")).values()
    cold = warm.cold(flow)
    assert len(cold) > 4
    assert [*warm.compile_kernels(cold[-1:])] == [1]
    assert warm.cold(flow) == cold[:-1]


def test_real_texts_need_no_kernel_that_the_sample_does_not() -> None:
    warm.run_sample("data_platform.filtering.signals")
    with event.install_recorder("numba:compile") as compiled:
        quality_signals(pa.chunked_array([["Ein Text, und noch einer.\n\n", "漢字かな交じり文。[edit] … {x}", ""]]))
    assert not compiled.buffer
