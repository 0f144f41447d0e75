"""How methods are found: in installed distributions too, each name once, and whose fault it is if they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data_platform.core import registry
from data_platform.core.kinds.mixer import Mixer

MIXER = '''
from data_platform.core.kinds.mixer import Mixer


class Even(Mixer, name="{name}"):
    """All alike."""

    def weights(self, domains, tokens, max_epochs):
        """One each."""
        return dict.fromkeys(domains["domain"].to_pylist(), 1.0)
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Puts a distribution of one module, named and of this source, on the path."""
    def put(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\nany = {name}\n")
        registry.forget()

    monkeypatch.syspath_prepend(str(tmp_path))
    yield put
    monkeypatch.undo()
    registry.forget()


def test_methods_of_an_installed_distribution_are_found(install: Callable[[str, str], None]) -> None:
    install("mixers_found", MIXER.format(name="even"))
    assert registry.method(Mixer, "even").__module__ == "mixers_found"
    assert {"even", "fixed"} <= set(registry.methods(Mixer))


def test_one_name_is_one_method(install: Callable[[str, str], None]) -> None:
    install("mixers_twice", MIXER.format(name="fixed"))
    with pytest.raises(registry.MethodConflict, match=r"'fixed': data_platform\.methods\.mix\.fixed and mixers_twice"):
        registry.methods(Mixer)


def test_whose_methods_cannot_be_imported_is_told(install: Callable[[str, str], None]) -> None:
    install("mixers-broken", "")
    with pytest.raises(registry.BrokenDistribution, match="mixers-broken brings methods in mixers-broken"):
        registry.methods(Mixer)


def test_what_is_near_is_told() -> None:
    with pytest.raises(registry.UnknownMethod, match=r"fixd.*fixed"):
        registry.method(Mixer, "fixd")


def test_kinds_are_those_that_are_declared() -> None:
    assert {"mixer", "scorer", "rule set", "editor"} <= set(registry.kinds())
    assert all(name == kind.kind.name for name, kind in registry.kinds().items())
