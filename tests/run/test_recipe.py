"""Recipes: what is accepted, and how a mistake is told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_platform.cli.main import main
from data_platform.core.reading import YamlText
from data_platform.core.settings import RecipeError
from data_platform.run.recipe import load_recipe, recipe_schema

MINIMAL = """
name: small
sources: [{name: pages, snapshot: one, paths: a.warc.gz}]
mixtures: {all: {tokens: 10, weights: {web: 1}}}
"""


RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.yaml"))


def load(tmp_path: Path, text: str):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    return load_recipe(path)


def fault(tmp_path: Path, text: str) -> str:
    """What is said of a recipe that is refused, without the folder that the file lies in."""
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_defaults_are_the_published_ones(tmp_path: Path) -> None:
    recipe = load(tmp_path, MINIMAL)
    assert (recipe.deduplication.ngram, recipe.deduplication.bands, recipe.deduplication.rows) == (5, 14, 8)
    assert recipe.engine == "native" and recipe.sources[0].kind == "crawl"
    assert recipe.lake_uri.endswith("lakes/small")


def test_the_form_of_a_recipe_that_says_none_is_the_first_and_decides_nothing(tmp_path: Path) -> None:
    silent, said = load(tmp_path, MINIMAL), load(tmp_path, MINIMAL.replace("name: small", "name: small\nversion: 1"))
    assert silent == said and silent.digest == said.digest


def test_shipped_recipes_are_valid() -> None:
    for path in RECIPES:
        assert load_recipe(path).name == path.stem


def test_environment_variables_and_their_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINIMAL.replace("a.warc.gz", '"${CRAWLS:-/crawls}/a.warc.gz"')
    assert load(tmp_path, text).sources[0].paths == ("/crawls/a.warc.gz",)
    monkeypatch.setenv("CRAWLS", "s3://bucket")
    assert load(tmp_path, text).sources[0].paths == ("s3://bucket/a.warc.gz",)
    with pytest.raises(RecipeError, match="environment variable NOWHERE is not set"):
        load(tmp_path, MINIMAL.replace("a.warc.gz", '"${NOWHERE}/a.warc.gz"'))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: small", "name: small\nfilterz: {}"), "filterz: there is no field filterz; filters is near"),
        (("name: small", "name: small\nversion: 2"), "recipe.yaml:3: version: this release reads recipes of version 1"),
        (("name: small", "name: small\nversion: yes"), "version"),
        (("tokens: 10", "tokens: 0"), "mixtures.all.tokens"),
        (("weights: {web: 1}", "weights: {web: 0}"), "not all zero"),
        (("weights: {web: 1}", "weights: {web: 1}, tiers: [7]"), "tiers are 0 to 5"),
        (("snapshot: one, ", ""), "give a snapshot"),
        (("snapshot: one", "snapshot: 'a,b'"), "snapshot"),
        (("paths: a.warc.gz}", "paths: a.warc.gz}, {name: pages, snapshot: one, paths: b}"), "must be unique"),
        (("weights: {web: 1}", "weights: {web: 1}, rehydrate: true"), "rehydrate needs deduplication.rehydration"),
        (("paths: a.warc.gz", "kind: ftp, paths: a"), "kind"),
        (("name: small", "name: small\nfilters: {domains: [wbe]}"), "filters.domains: there is no domain"),
        (("name: small", "name: small\nbranches: {math: {domains: [math]}}"), "math.domains: there is no domain"),
    ],
)
def test_a_mistake_names_the_file_and_the_field(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml") as caught:
        load(tmp_path, MINIMAL.replace(*change))
    assert message in str(caught.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: cannot read the recipe"):
        load_recipe(tmp_path / "nowhere.yaml")


# -- what YAML says and what people mean -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("tokens: 10", "tokens: 0100000"), "recipe.yaml:4: mixtures.all.tokens: 0100000 is an octal number to some"),
        (("tokens: 10", "tokens: 0o17"), "mixtures.all.tokens: 0o17 is an octal number to some"),
        (("tokens: 10", "tokens: 1:30"), "mixtures.all.tokens: Input should be a valid integer"),
        (("tokens: 10", "tokens: yes"), "mixtures.all.tokens: Input should be a valid integer"),
        (("tokens: 10", "tokens: true"), "mixtures.all.tokens: must be a number, not true"),
        (("tokens: 10", "tokens: 1.5"), "mixtures.all.tokens: Input should be a valid integer"),
        (("tokens: 10", "tokens: " + "9" * 5_000), "mixtures.all.tokens: a whole number of 5,000 signs is beyond 64"),
        (("tokens: 10", "tokens: 1e999"), "mixtures.all.tokens: a number so large is infinite"),
        (("{web: 1}", "{web: .nan}"), "mixtures.all.weights.web: .nan is no number"),
        (("{web: 1}", "{web: .inf}"), "mixtures.all.weights.web: Input should be a finite number"),
        (("{web: 1}", "{web: -1}"), "mixtures.all.weights.web: Input should be greater than or equal to 0"),
        (("{web: 1}", "{web: 1, web: 2}"), "mixtures.all.weights.web: web is written twice, in lines 4 and 4"),
        (("name: small", "name: small\nname: large"), "recipe.yaml:3: name: name is written twice, in lines 2 and 3"),
        (("{web: 1}", "{web: 1}, rehydrate: !!python/name:os.system x"), "tags such as tag:yaml.org,2002:python/name"),
        (("name: small", "name: 2024"), "recipe.yaml:2: name: must be a text; put it in quotes"),
        (("name: small", "name: small\n? [a, b]\n: c"), "a key must be a text, not a mapping or a list"),
        (("name: small", 'name: "\\uD800"'), "name: is no Unicode text"),
        (("name: small", "name: small\nlake: 'a"), "recipe.yaml: line 6, column 1: not YAML"),
        (("name: small", 'name: "\\UFFFFFFFF"'), "not YAML"),
        (("name: small", "%YAML " + "1" * 5_000 + ".1"), "not YAML"),
    ],
)  # fmt: skip
def test_what_has_two_meanings_in_yaml_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    assert message in fault(tmp_path, MINIMAL.replace(*change))


def test_texts_that_yaml_takes_for_something_else_are_read_as_they_stand(tmp_path: Path) -> None:
    recipe = load(tmp_path, """
name: small
sources: [{name: pages, snapshot: 2024-08-30, paths: a.warc.gz, domain: off}, {name: b, snapshot: v1, kind: files,
  paths: a, text_field: 1:30}]
language: {languages: [no], cut_offs: {no: 0.5}}
refinement: {unicode: no}
deduplication: {rehydration: {2: 2, 1000: 1}}
mixtures: {all: {tokens: 1_000_000, weights: {off: 1e-3, web: 2}}, thousand: {tokens: 1e3, weights: {web: 1}}}
""")
    assert [(source.snapshot, source.domain) for source in recipe.sources] == [("2024-08-30", "off"), ("v1", "web")]
    assert recipe.sources[1].text_field == "1:30"
    assert recipe.language.languages == ("no",) and recipe.language.cut_offs == {"no": 0.5}
    assert recipe.refinement.unicode is False
    assert recipe.deduplication.rehydration == {2: 2, 1000: 1}
    assert recipe.mixtures["all"].tokens == 1_000_000 and recipe.mixtures["all"].weights["off"] == 0.001
    assert recipe.mixtures["thousand"].tokens == 1000


def test_one_mapping_may_be_merged_into_others(tmp_path: Path) -> None:
    text = MINIMAL.replace("all: {tokens: 10, weights: {web: 1}}",
                           "all: &all {tokens: 10, weights: {web: 1}}, more: {<<: *all, tokens: 20}")
    assert {name: mixture.tokens for name, mixture in load(tmp_path, text).mixtures.items()} == {"all": 10, "more": 20}


@pytest.mark.parametrize("text", [
    "[" * 5_000, "a: " + "[" * 300 + "]" * 300, "a: &a [*a]", "a: &a {<<: *a}",
    "\n".join([f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" if level else "a0: &a0 [x]"
               for level in range(12)]),
    "\n".join([f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}]}}" if level else "a0: &a0 {x: 1}"
               for level in range(12)]),
])  # fmt: skip
def test_bombs_are_refused_in_a_moment(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    assert "recipe.yaml:" in fault(tmp_path, text)
    assert time.process_time() - began < 10


_NAMES = st.sampled_from([
    "name", "sources", "mixtures", "filters", "language", "domains", "rule_sets", "fineweb", "weights", "tokens", "<<",
    "snapshot", "branches", "deduplication", "keep", "rehydration", "engine", "ray", "extraction", "options", "kind",
    "paths",
])
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), _NAMES,
    st.sampled_from(["files", "crawl", "${NAME}", "${NAME:-x}", "${", "no", "0100", "1:30", "web", ".nan"]),
)  # fmt: skip
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _raises_nothing_else(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        load_recipe(path)
    except RecipeError as error:
        assert str(path) in str(error)
        assert all(line.isprintable() for line in str(error).split("\n"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_is_read_no_other_error_escapes(tmp_path: Path, content: bytes) -> None:
    _raises_nothing_else(tmp_path / "recipe.yaml", content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(tree=st.dictionaries(_NAMES, _TREES, max_size=6))
def test_whatever_a_recipe_says_no_other_error_escapes(tmp_path: Path, tree: dict) -> None:
    text = yaml.safe_dump({**yaml.safe_load(MINIMAL), **tree}, allow_unicode=False)
    _raises_nothing_else(tmp_path / "recipe.yaml", text.encode("utf-8", "surrogatepass"))


# -- the environment ---------------------------------------------------------------------------------------------------


def test_variables_are_read_after_parsing_and_in_texts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD", 'a #b: [c]\n"d')
    monkeypatch.setenv("TOKENS", "1000")
    recipe = load(tmp_path, """
# ${NOT_SET}
name: small
lake: ${EMPTY:-}
storage_options: {key: "${ODD}", twice: "${ODD}${ODD}", literal: "$${ODD}", default: "${NOT_SET:-x y}"}
sources: [{name: pages, snapshot: one, paths: a.warc.gz}]
filters: {rule_sets: {fineweb: {max_short_line_fraction: "${SHARE:-0.3}"}}}
refinement: {unicode: "${UNICODE:-false}"}
mixtures: {all: {tokens: "${TOKENS}", weights: {web: "${WEIGHT:-0.5}"}}}
""")
    odd = 'a #b: [c]\n"d'
    assert recipe.storage_options == {"key": odd, "twice": odd + odd, "literal": "${ODD}", "default": "x y"}
    assert recipe.lake is None and recipe.refinement.unicode is False
    assert (recipe.mixtures["all"].tokens, recipe.mixtures["all"].weights) == (1000, {"web": 0.5})
    assert recipe.filters.rule_sets["fineweb"] == {"max_short_line_fraction": 0.3}


def test_what_is_no_variable_is_told(tmp_path: Path) -> None:
    said = fault(tmp_path, MINIMAL.replace("a.warc.gz", '"${NOWHERE}/${1}"'))
    assert said == ("recipe.yaml:3: sources.0.paths: environment variable NOWHERE is not set; set it or write "
                    "${NOWHERE:-default}; a variable is written ${NAME} or ${NAME:-default}, and ${ itself $${")


EVERYTHING = """
name: small
lake: l
tokenizer: t
engine: {ray: auto}
sources:
  - {name: pages, snapshot: one, paths: [a.warc.gz], domain: web, license: {spdx: MIT, basis: b, attribution: c}}
  - {name: rows, kind: files, snapshot: one, paths: [b], text_field: t, url_field: u, license_field: l, include: ["*"]}
extraction: {engine: auto, options: {images: true}}
language: {languages: [en], cut_offs: {de: 0.5}, min_confidence: 0.1}
filters:
  rule_sets: {fineweb: {max_short_line_fraction: 0.3}}
  domains: [web]
  reference: {de: [x]}
  urls: {rules: {own: {hosts: [a.org], paths: [/x], patterns: [x]}}, hard_words: [x], soft_words: [y], subwords: [z],
         allow: [b.org]}
refinement: {personal_data: [EMAIL], lines: {c4: {end_marks: ["."], phrases: [x]}, domains: [web]}, programs: {path: p}}
branches:
  math:
    domains: [web]
    evidence: {formulas: {pattern: x, unless: y}}
    cascade: {labels: [{kind: files, paths: [p], positive: [math]}]}
    rule_sets: {c4: {min_sentences: 1}}
licenses: {resolver: resolve@3, rulings: r, training_agents: [a]}
deduplication: {kinds: [exact], keep: [longest], rehydration: {2: 2}, hashes: own}
decontamination: {sets: {gsm8k: {paths: [p], fields: [question], id_field: i, action: drop}}, action: cut}
repetition: {semantic: {keep: hard}}
openlineage: {url: "http://localhost:5000", api_key: k, namespace: n}
mixtures: {all: {tokens: 10, weights: {web: 1, math: 2}, tiers: [0], license_classes: [the_stack/permissive], phase: a}}
datastores: {rest: {domains: [web], tiers: [5]}}
"""


def _leaves(value: Any, place: tuple = ()) -> Iterator[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield place
    for key, inner in items or ():
        yield from _leaves(inner, (*place, key))


@pytest.mark.parametrize("secret", ["Hunter2[ {\"top\": 'x'}", "s3cr3t", "line one\nline: two #", "(?P<Zx", "nan"])
@pytest.mark.parametrize("text", ["${SECRET}", "before ${SECRET} after"])
def test_no_value_of_the_environment_is_ever_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, text: str
) -> None:
    """In whatever field it stands, and whether it is accepted there or not."""
    monkeypatch.setenv("SECRET", secret)
    whole, refused = yaml.safe_load(EVERYTHING), 0
    load(tmp_path, json.dumps(whole))
    for place in _leaves(whole):
        changed = json.loads(json.dumps(whole))
        inner = changed
        for step in place[:-1]:
            inner = inner[str(step) if isinstance(inner, dict) else step]
        inner[str(place[-1]) if isinstance(inner, dict) else place[-1]] = text
        try:
            load(tmp_path, json.dumps({**changed, "one_fault": 1}))
        except RecipeError as error:
            refused += 1
            shown = str(error)
            assert secret not in shown and repr(secret)[1:-1] not in shown, place
            assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
    assert refused > 60


# -- names that are the names of nothing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: small", "name: small\nfilters: {rule_sets: {gopher_qualty: {}}}"),
         "filters.rule_sets.gopher_qualty: there is no rule set gopher_qualty; gopher_quality"),
        (("name: small", "name: small\nfilters: {rule_sets: {fineweb: {max_short_line_fracton: 1}}}"),
         "filters.rule_sets.fineweb.max_short_line_fracton: there is no threshold max_short_line_fracton; max_short_l"),
        (("name: small", "name: small\nfilters: {rule_sets: {fineweb: {max_short_line_fraction: many}}}"),
         "filters.rule_sets.fineweb.max_short_line_fraction: Input should be a valid number"),
        (("name: small", "name: small\nfilters: {rule_sets: {culturax: {sample_documents: 0}}}"),
         "filters.rule_sets.culturax.sample_documents: culturax.sample_documents"),
        (("name: small", "name: small\nfilters: {rule_sets: {fineweb2: {}}}"),
         "filters.reference: fineweb2 learns its thresholds from reference texts"),
        (("name: small", "name: small\nbranches: {math: {rule_sets: {culturax: {}}}}"),
         "branches.math.rule_sets.culturax: learns its thresholds and belongs under filters"),
        (("name: small", "name: small\nbranches: {math: {rule_sets: {c5: {}}}}"),
         "branches.math.rule_sets.c5: there is no rule set c5, only c4, "),
        (("{web: 1}", "{wbe: 1}"), "mixtures.all.weights.wbe: there is no domain wbe; web is near"),
        (("{web: 1}", "{books: 1}"), "mixtures.all.weights.books: there is no domain books, only web"),
        (("name: small", "name: small\ndatastores: {rest: {domains: [wbe]}}"),
         "datastores.rest.domains: there is no domain wbe; web is near"),
        (("name: small", "name: small\nrefinement: {lines: {domains: [wbe]}}"),
         "refinement.lines.domains: there is no domain wbe; web is near"),
        (("name: small", "name: small\nlanguage: {languages: [en, deu]}"),
         "language.languages: the model of languages knows no 'deu'; 'de' is meant"),
        (("name: small", "name: small\nlanguage: {cut_offs: {EN: 0.5}}"),
         "language.cut_offs.EN: the model of languages knows no 'EN'; 'en' is meant"),
        (("name: small", "name: small\nlanguage: {model: /no/such/model.bin}"),
         "language.model: no fastText model at /no/such/model.bin"),
        (("name: small", "name: small\ndeduplication: {keep: [license_teir]}"),
         "deduplication.keep.0: there is no preference license_teir; license_tier is near"),
        (("name: small", "name: small\ndeduplication: {keep: ['highest:word_cnt']}"),
         "deduplication.keep.0: there is no preference highest:word_cnt; highest:word_count"),
        (("name: small", "name: small\nextraction: {options: {main_contents: true}}"),
         "extraction.options.main_contents: there is no option main_contents; main_content is near"),
        (("name: small", "name: small\nlicenses: {resolver: resolve@4}"),
         "licenses.resolver: there is no choice resolve@4; resolve@3 and resolve@2 are near"),
        (("paths: a.warc.gz", "kind: file, paths: a"), "sources.0.kind: there is no choice file; files is near"),
        (("paths: a.warc.gz", "kind: files, paths: a, text_feild: b"),
         "sources.0.text_feild: there is no field text_feild; text_field is near"),
        (("name: small", "name: small\nengine: {rya: auto}"), "engine.rya: there is no field rya; ray is near"),
    ],
)
def test_a_name_of_nothing_is_told_with_what_is_near(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    said = fault(tmp_path, MINIMAL.replace(*change))
    assert message in said and len(said.splitlines()) == 1


def test_infinity_switches_a_threshold_off_and_nothing_else(tmp_path: Path) -> None:
    text = MINIMAL + "filters: {rule_sets: {c4: {max_curly_bracket_lines: .inf}}}\n"
    assert load(tmp_path, text).filters.rule_sets == {"c4": {"max_curly_bracket_lines": float("inf")}}


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert fault(tmp_path, """
name: small
sources:
  - {name: pages, snapshot: one, paths: a.warc.gz, domian: x}
filters:
  rule_sets: {gophr_quality: {}}
mixtures:
  all: {tokens: 010, weights: {wbe: 1}, min_quality: 2}
  all: {tokens: lots, weights: {web: .nan}}
""").splitlines() == [
        "recipe.yaml:4: sources.0.domian: there is no field domian; domain is near",
        "recipe.yaml:6: filters.rule_sets.gophr_quality: there is no rule set gophr_quality; gopher_quality and "
        "gopher_quality@dclm are near",
        "recipe.yaml:8: mixtures.all.tokens: 010 is an octal number to some readers: write it without 0 in front, or a "
        "text in quotes",
        "recipe.yaml:9: mixtures.all: all is written twice, in lines 8 and 9",
        "recipe.yaml:9: mixtures.all.weights.web: .nan is no number that anything can be set to",
    ]


# -- the schema for editors --------------------------------------------------------------------------------------------


def test_recipes_satisfy_the_schema_that_the_command_prints() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    printed = json.loads(CliRunner().invoke(main, ["schema"]).output)
    assert printed == json.loads(json.dumps(recipe_schema()))
    validator = jsonschema.validators.validator_for(printed)(printed)
    validator.check_schema(printed)
    for path in RECIPES:
        # Variables as they stand in the file: an editor knows no environment.
        assert not list(validator.iter_errors(YamlText(path.read_text(encoding="utf-8")).value)), path
    for right in (MINIMAL, EVERYTHING):
        assert not list(validator.iter_errors(YamlText(right).value))
    for wrong in ("mixtures: {}", "name: small\nsources: []\nmixtures: {all: {tokens: 0, weights: {web: 1}}}"):
        assert list(validator.iter_errors(YamlText(wrong).value))


def test_everything_in_the_schema_that_is_set_is_described() -> None:
    defs = recipe_schema()["$defs"]
    assert not [name for name, part in defs.items() if not part.get("description")]


def test_one_known_recipe_that_cannot_be_read_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path))
    texts = {"good": MINIMAL, "bad": MINIMAL.replace("a.warc.gz", '"${NOWHERE}"')}
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text.replace("a.warc.gz", os.devnull))
    known = {name: str(tmp_path / f"{name}.yaml") for name in texts}
    (tmp_path / "recipes.json").write_text(json.dumps(known))
    said = CliRunner().invoke(main, ["status", "--json"])
    assert said.exit_code == 0 and [part["recipe"] for part in json.loads(said.stdout)] == ["small"]
    assert said.stderr.startswith("left out: ") and "environment variable NOWHERE is not set" in said.stderr
    (tmp_path / "good.yaml").unlink()
    alone = CliRunner().invoke(main, ["status"])
    assert alone.exit_code == 1 and "NOWHERE" in alone.output


def test_a_tilde_is_the_home_of_the_user_in_every_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/users/me")
    recipe = load(tmp_path, """
name: small
lake: ~/lake
tokenizer: ~/tokenizer.json
sources: [{name: pages, paths: "~/crawls/{snapshot}/*.warc.gz"}, {name: s3, snapshot: one, paths: ["s3://b/~/a.warc"]}]
licenses: {rulings: ~/rulings.yaml, known_sources: ~/known}
refinement: {programs: {path: ~/programs}}
labels: {kind: files, paths: [~/labels.jsonl]}
models: {language_model: {path: ~/model}}
decontamination: {sets: {gsm8k: {paths: ~/gsm8k.jsonl, fields: question}}}
openlineage: {file: ~/events.jsonl}
mixtures: {all: {tokens: 10, weights: {web: 1}}}
""")
    assert "~/" not in recipe.model_dump_json().replace("s3://b/~/", "")
    assert recipe.lake_uri == "/users/me/lake" and recipe.sources[0].paths == ("/users/me/crawls/{snapshot}/*.warc.gz",)
