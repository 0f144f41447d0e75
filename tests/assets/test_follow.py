"""A code location follows its recipe: it is loaded anew once that has changed, and only if that can be used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin

from tests.assets.toys import Toys, toys


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Toys]:
    with toys(tmp_path) as made:
        yield made


def test_a_code_location_is_loaded_anew_once_its_recipe_has_changed(
    world: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = world.definitions.get_repository_def().get_sensor_def(world.names.of_recipe("follow_recipe"))
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    reloaded = threading.Event()
    monkeypatch.setattr("data_platform.assets.follow._BEFORE_SECONDS", 0)
    monkeypatch.setattr(
        GrpcServerCodeLocationOrigin, "create_client",
        lambda origin: SimpleNamespace(reload_code=lambda timeout: reloaded.set()),
    )

    def tick(origin: GrpcServerCodeLocationOrigin | None = None) -> str:
        with dg.build_sensor_context(world.instance) as context:
            context._code_location_origin = origin
            return sensor.evaluate_tick(context).skip_message

    server = GrpcServerCodeLocationOrigin(host="localhost", port=4000)
    assert tick(server) == "the recipe is the one that was loaded" and not reloaded.is_set()
    world.write(tokens=2000)
    assert "reload the code location" in tick()
    assert "is loaded anew" in tick(server) and reloaded.wait(10)
    reloaded.clear()
    world.write(more="\nnonsense: {")
    assert "has changed and cannot be used: " in tick(server)
    world.recipe.unlink()
    assert "cannot be used" in tick(server) and not reloaded.is_set(), "what was loaded goes on"
