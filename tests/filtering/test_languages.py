"""Languages that a recipe names are those that its model can find."""

from __future__ import annotations

import pytest

from data_platform.filtering.languages import UnknownLanguage
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe


def _recipe(**parts: object) -> Recipe:
    return Recipe.model_validate({
        "name": "languages", "sources": [{"name": "a", "kind": "files", "snapshot": "s", "paths": ["a.jsonl"]}],
        "mixtures": {"all": {"tokens": 1, "weights": {"web": 1}}}, **parts,
    })


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"language": {"languages": ["en", "deu"]}}, r"language.languages: .* 'deu'; 'de' is meant"),
        ({"language": {"cut_offs": {"english": 0.9}}}, r"language.cut_offs: .* 'english'$"),
        ({"filters": {"reference": {"EN": ["a.txt"]}}}, r"filters.reference: .* 'EN'; 'en' is meant"),
        ({"language": {"model": "/no/such/model.bin"}}, "no fastText model at /no/such/model.bin"),
    ],
)
def test_other_names_are_told_before_any_work(parts: dict, told: str) -> None:
    with pytest.raises(UnknownLanguage, match=told):
        stages(_recipe(**parts))


def test_known_languages_and_undetermined_ones_may_be_named() -> None:
    assert stages(_recipe(language={"languages": ["en", "zh", "und"], "cut_offs": {"de": 0.5}}))
