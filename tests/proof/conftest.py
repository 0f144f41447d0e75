"""A small lake that is in order, made once for all who damage copies of it."""

from __future__ import annotations

import pytest

from benchmarks.tampering import make
from data_platform.run.workspace import Workspace


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The lake of `benchmarks.tampering`. Nobody changes it: copies are changed."""
    return make(tmp_path_factory.mktemp("sound"))
