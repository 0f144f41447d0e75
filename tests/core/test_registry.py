"""How methods are found: in installed distributions too, each name once, and whose fault it is if they are not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from data_platform.core import registry
from data_platform.core.kinds.mixer import Mixer
from data_platform.pipeline.flow import stages
from data_platform.run.names import name_faults
from data_platform.run.recipe import Recipe

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
        monkeypatch.delitem(sys.modules, name, raising=False)
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


SYNTHESISER = '''
from data_platform.core.kinds.method import Section
from data_platform.core.kinds.synthesiser import Synthesiser


class Echo(Synthesiser, name="echo"):
    """The same again."""

    class Settings(Section):
        """None, not even those of the kind."""
'''
SCORER = '''
import pyarrow as pa

from data_platform.core.columns import Column
from data_platform.core.kinds.scorer import Scorer


class Odd(Scorer, name="odd"):
    """An odd one."""

    gives = tuple(Column(name, pa.float64(), "A number.") for name in {names})
'''


@pytest.mark.parametrize(("source", "said"), [
    (SYNTHESISER, "echo of .*: its Settings must be a subclass of SynthesisSettings"),
    (SCORER.format(names=("snapshot",)), "a column cannot be called 'snapshot'"),
    (SCORER.format(names=("Two words",)), "a column cannot be called 'Two words'"),
    (SCORER.format(names=("odd", "odd")), "two of its columns have one name"),
])
def test_a_method_that_its_kind_does_not_allow_is_refused(
    install: Callable[[str, str], None], source: str, said: str
) -> None:
    install("broken", source)
    with pytest.raises(registry.BrokenMethod, match=said):
        registry.methods(Mixer)


SCORERS = '''
import pyarrow as pa

from data_platform.core.columns import Column
from data_platform.core.kinds.scorer import Scorer


class Tone(Scorer, name="tone"):
    """A number, a word, and a number by the name of a column of documents."""

    gives = (Column("tone", pa.float64(), "A number."), Column("mood", pa.string(), "A word."),
             Column("language", pa.float64(), "A number."))
'''


def _read(made: Mapping[str, Any], **parts: Any) -> Recipe:
    return Recipe.model_validate({
        "name": "any", "sources": [{"name": "a", "snapshot": "one", "paths": ["a.warc"]}], "scores": dict(made),
        "mixtures": {"open": {"tokens": 9, "weights": {"web": 1}, **parts}},
    })


def test_scores_of_one_name_are_told_apart(install: Callable[[str, str], None]) -> None:
    install("scorers_of_one_name", SCORERS)
    both = {"tone": {}, "again": {"method": "tone"}}
    with pytest.raises(ValueError, match=r"other columns are called tone, too: say tone\.tone or again\.tone"):
        _read(both, scores=["tone"])
    with pytest.raises(ValueError, match=r"other columns are called language, too: say tone\.language"):
        _read({"tone": {}}, scores=["language"])
    with pytest.raises(ValueError, match=r"again_tone and again\.tone are one column"):
        _read(both, scores=["again_tone", "tone.tone", "again.tone"])
    recipe = _read(both, scores=["again.tone", "tone.language"])
    declared = stages(recipe)["mixture_open"].declared.column_names
    assert len(set(declared)) == len(declared) and {"language", "tone_language", "again_tone"} <= set(declared)


def test_rules_over_scores_name_a_number(install: Callable[[str, str], None]) -> None:
    install("scorers_to_bound", SCORERS)
    rules = {"rules": {"a": {"signal": "tone.mood", "min": 1}, "b": {"signal": "tone", "min": 1},
                       "c": {"signal": "again.tone", "min": 1}}, "scores": {"tone": {}, "again": {"method": "tone"}}}
    assert [(".".join(fault.place), fault.message) for fault in name_faults(rules)] == [
        ("rules.a.signal", "tone.mood holds no numbers, and these alone have bounds"),
        ("rules.b.signal", "other columns are called tone, too: say tone.tone or again.tone"),
    ]


@pytest.mark.parametrize("name", ["tone\n", "t" * 65, "Tone", "1st", ""])
def test_names_of_entries_are_names_of_tables(install: Callable[[str, str], None], name: str) -> None:
    install("scorers_named", SCORERS)
    with pytest.raises(ValueError, match="a name has at most 64 of a to z"):
        _read({name: {"method": "tone"}})
