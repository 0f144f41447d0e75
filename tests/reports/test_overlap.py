"""N-gram overlap of tiers and domains with targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from tests.conftest import run_recipe

RECIPE = """
name: overlapping
lake: {lake}
sources:
  - {{name: free, kind: files, snapshot: s, domain: books, paths: ["{free}"], license: {{spdx: CC0-1.0, basis: ours}}}}
  - {{name: shared, kind: files, snapshot: s, domain: wiki, paths: ["{shared}"],
      license: {{spdx: CC-BY-SA-4.0, basis: theirs}}}}
filters: {{rule_sets: {{}}}}
language: {{min_confidence: 0}}
mixtures:
  open: {{tokens: 1000, tiers: [0, 2], weights: {{books: 1, wiki: 1}}, max_epochs: 1}}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overlap")
    for name, text in (("free", "red fish blue fish"), ("shared", "one fish two fish")):
        (folder / f"{name}.jsonl").write_text(json.dumps({"text": text}) + "\n")
    (folder / "target.jsonl").write_text('{"body": "Red fish, two fish!"}\n{"body": "red fish"}\n')
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(
        lake=folder / "lake", free=folder / "free.jsonl", shared=folder / "shared.jsonl"
    ))
    run_recipe(path)
    return path


def test_overlap_is_that_counted_by_hand(recipe: Path) -> None:
    """The target has red fish two fish red fish: bigrams red fish twice, two fish and fish two once each in the first
    text, and none across texts."""
    target = f"poems={recipe.parent / 'target.jsonl'}"
    result = CliRunner().invoke(
        main, ["overlap", "open", "--target", target, "--field", "body", "--recipe", str(recipe), "--json"]
    )
    assert result.exit_code == 0, result.output
    found = {(row["license_tier"], row["domain"], row["ngram"]): row for row in json.loads(result.output)}
    shares = {key: (row["coverage"], row["types"]) for key, row in found.items()}
    assert shares[0, "books", 1] == pytest.approx((5 / 6, 2 / 3))  # red, fish; not two
    assert shares[2, "wiki", 1] == pytest.approx((4 / 6, 2 / 3))  # fish, two; not red
    assert shares[0, "books", 2] == pytest.approx((2 / 4, 1 / 3))
    assert shares[2, "wiki", 2] == pytest.approx((2 / 4, 2 / 3))
    assert shares[None, None, 2] == pytest.approx((1, 1))
    assert shares[0, None, 2] == shares[0, "books", 2]
    assert found[None, None, 1]["words"] == 8 and found[None, None, 1]["documents"] == 2


def test_targets_that_cannot_be_read_are_told(recipe: Path) -> None:
    for target, told in ((f"a={recipe.parent}/none.jsonl", "none.jsonl"), ("a", "NAME=PATH")):
        result = CliRunner().invoke(main, ["overlap", "open", "--target", target, "--recipe", str(recipe)])
        assert result.exit_code != 0
        assert told in result.output and "Traceback" not in result.output
