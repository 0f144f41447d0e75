"""What makes a stage stale: every module of the platform is changed in a copy, and just those that compute with it are.

What a stage reaches is told a second time by grimp, which knows nothing of this platform's digests, and by hand where
the answer is known. Nothing is imported from the copy.
"""

from __future__ import annotations

import ast
import gc
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest

import data_platform
from data_platform.core.code import PLATFORM, Code
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe, load_recipe
from data_platform.run.stage import Stage
from tests.conftest import REPOSITORY

RECIPES = ("demo", "web", "branches", "mixture_vitae")
EVERYTHING = """
name: everything
sources: [{kind: files, name: some, snapshot: s, paths: [some.jsonl]}]
filters: {rule_sets: {gopher_quality: {}, c4: {}, culturax: {}, fineweb2: {}}, reference: {en: [reference.jsonl]}}
deduplication: {verify: 0.8}
decontamination: {sets: {trivia: {paths: trivia.jsonl, fields: [question]}}}
repetition: {lines: {}, paragraphs: {}, substrings: {}, containment: {}, semantic: {}}
mixtures: {all: {tokens: 1000, weights: {web: 1}}}
"""
CARRYING = re.compile(
    r"data_platform\.(lake(\..*)?|core\.(code|columns|errors|extras|reading|registry|settings|stopping|tables)"
    r"|kernels\.cache|run\.(books|recipe|stage|workspace)|(.*\.)?settings)"
)
"""Modules in which nothing decides a row."""
SILENT_ROOMS = ("cli", "pipeline", "proof", "publish", "reports")

Place = tuple[str, str]
"""A recipe, and a stage of it."""


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> dict[Place, Stage]:
    """All stages of several recipes."""
    path = tmp_path_factory.mktemp("recipes") / "everything.yaml"
    path.write_text(EVERYTHING)
    recipes: dict[str, Recipe] = {name: load_recipe(REPOSITORY / "recipes" / f"{name}.yaml") for name in RECIPES}
    recipes["everything"] = load_recipe(path)
    return {(name, stage): made for name, recipe in recipes.items() for stage, made in stages(recipe).items()}


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Reading hundreds of trees takes three times as long with collection of garbage, of which they leave none."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to be changed."""
    return Path(shutil.copytree(
        Path(data_platform.__file__).parent, tmp_path / PLATFORM, ignore=shutil.ignore_patterns("__pycache__")
    ))


def versions(copy: Path, flows: Mapping[Place, Stage]) -> dict[Place, str]:
    """The digest of the code of every stage, as the code lies in the copy."""
    code = Code({PLATFORM: copy})
    known: dict[tuple[str, ...], str] = {}
    for stage in flows.values():
        if stage.modules not in known:
            known[stage.modules] = code.digest(*stage.modules)
    return {place: known[stage.modules] for place, stage in flows.items()}


def modules_of(copy: Path) -> dict[str, Path]:
    """All modules of the platform by name."""
    found = {}
    for path in sorted(copy.rglob("*.py")):
        parts = path.relative_to(copy.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def changed(copy: Path, flows: Mapping[Place, Stage], path: Path, text: str) -> set[str]:
    """The stages whose version changes when a module has another text."""
    before, original = versions(copy, flows), path.read_text()
    assert text != original, "the change changes nothing"
    path.write_text(text)
    after = versions(copy, flows)
    path.write_text(original)
    return {place for place in flows if before[place] != after[place]}


def reaching(flows: Mapping[Place, Stage]) -> dict[str, set[Place]]:
    """By module, the stages that compute with it, as grimp and the carriers by hand tell."""
    graph = grimp.build_graph(PLATFORM, cache_dir=None, exclude_type_checking_imports=True)
    result: dict[str, set[Place]] = {module: set() for module in graph.modules}
    for place, stage in flows.items():
        seen: set[str] = set()
        queue = list(stage.modules)
        while queue:
            module = queue.pop()
            if module in seen or (CARRYING.fullmatch(module) and module not in stage.modules):
                continue
            seen.add(module)
            wanted = [module, *graph.find_modules_directly_imported_by(module)]
            # Python runs the packages around a module first.
            queue += [".".join(parts[:n]) for name in wanted for parts in [name.split(".")]
                      for n in range(1, len(parts) + 1)]
        for module in seen:
            result[module].add(place)
    return result


def mutated(text: str) -> str:
    """The text with one meaning changed: a comparison turned, a number raised, or a constant more."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.Gt | ast.Eq | ast.NotEq):
            turned = {ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
            node.ops[0] = turned[type(node.ops[0])]()
            return ast.unparse(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value:
            node.value = ast.Tuple([node.value], ast.Load())
            return ast.unparse(tree)
    return f"{text}\n_ONE_MORE = 1\n"


def test_just_the_stages_that_compute_with_a_module_are_stale_when_it_changes(
    copy: Path, flows: dict[Place, Stage], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = reaching(flows)
    before = versions(copy, flows)
    wrong, right, modules = [], 0, modules_of(copy)
    for module, path in modules.items():
        original = path.read_text()
        path.write_text(mutated(original))
        after = versions(copy, flows)
        path.write_text(original)
        for place in flows:
            if (before[place] != after[place]) == (place in expected[module]):
                right += 1
            else:
                wrong.append((module, place))
    with capsys.disabled():
        print(f"\n{len(modules)} modules changed, {len(flows)} stages asked each: {right} right, {len(wrong)} wrong")
    assert not wrong
    assert versions(copy, flows) == before
    silent = [module for module in modules if module.removeprefix(f"{PLATFORM}.").split(".")[0] in SILENT_ROOMS]
    assert len(silent) > 40 and not any(expected[module] for module in silent)


KNOWN = {
    "kernels/substrings.py": {"substring_fingerprints", "duplicate_spans"},
    "methods/duplicates/passages.py": {"passage_hashes", "duplicate_spans"},
    "methods/duplicates/semantic.py": {"document_embeddings", "redundant_documents"},
    "methods/duplicates/containment.py": {"document_sketches", "redundant_documents"},
    "methods/decontaminate/ngrams.py": {"contamination"},
    "methods/edits/personal_data.py": {"refinement_programs"},
    "methods/filters/c4.py": {"filter_verdicts"},
    "methods/filters/culturax.py": {"filter_thresholds", "filter_verdicts"},
    "methods/filters/refinedweb.py": set(),
    "duplicates/rehydration.py": {"deduplicated_documents"},
    "duplicates/cutting.py": {"cut_programs"},
    "filtering/signals.py": {"quality_signals", "filter_thresholds"},
    "filtering/stop_words.py": {"filter_stop_words", "language_signals"},
    "filtering/url_lists.py": {"filter_verdicts"},
    "extract/forest.py": {"documents"},
    "language/claimed.py": {"documents"},
    "licenses/prose.py": {"license_evidence"},
    "ingest/revisits.py": {"raw_crawls"},
    "ingest/installed_records.py": set(),  # in the fingerprints of what it writes
    "programs/replay.py": {"filtered_documents", "deduplicated_documents"},
    "stages/duplicates.py": {"duplicates"},
    "reports/filtering.py": set(),
    "cli/status.py": set(),
    "publish/export.py": set(),
    "pipeline/flow.py": set(),
    "lake/lake.py": set(),
    "core/tables.py": set(),
}
"""Of the recipe that has everything: a module, and the stages that compute with it."""


@pytest.mark.parametrize("module", KNOWN)
def test_what_a_module_decides_is_known_by_hand(copy: Path, flows: dict[Place, Stage], module: str) -> None:
    everything = {place: stage for place, stage in flows.items() if place[0] == "everything"}
    found = changed(copy, everything, copy / module, f"{(copy / module).read_text()}\n_ONE_MORE = 1\n")
    assert {stage for _, stage in found} == KNOWN[module]


def test_the_engine_decides_what_goes_through_it(copy: Path, flows: dict[Place, Stage]) -> None:
    found = changed(copy, flows, copy / "run" / "engine.py", mutated((copy / "run" / "engine.py").read_text()))
    assert {stage for _, stage in flows} - {stage for _, stage in found} == {
        # Narrow columns that meet in memory, and what is trained or learned from files.
        "document_licenses", "document_terms", "copy_pairs", "duplicates", "redundant_documents", "duplicate_spans",
        "filter_stop_words", "domain_labels", "domain_classifiers", "quality_labels", "model_language_model",
        "model_quality_classifier",
    }


def test_training_on_the_unwanted_texts_is_another_model(copy: Path, flows: dict[Place, Stage]) -> None:
    chosen = 'labels.filter(pc.equal(labels["label"], 1))'
    (path,) = (path for path in modules_of(copy).values() if chosen in path.read_text())
    found = changed(copy, flows, path, path.read_text().replace(chosen, chosen.replace("1", "0")))
    assert found == {place for place in flows if place[1] == "model_language_model"} != set()


def test_words_for_people_make_nothing_stale(copy: Path, flows: dict[Place, Stage]) -> None:
    before = versions(copy, flows)
    told = 0
    for path in modules_of(copy).values():
        text = path.read_text()
        reworded, words = _reworded(text)
        told += words
        path.write_text(f"# What is said\n\n\n{reworded}\n\n\n# is said otherwise.\n")
    assert told > 2500
    assert versions(copy, flows) == before


def _reworded(text: str) -> tuple[str, int]:
    """The text with another beginning of each docstring, description of a setting or column, and how many there are."""
    lines = text.encode().splitlines(keepends=True)
    places = set()
    for node in ast.walk(ast.parse(text)):
        said: list[ast.expr] = []
        if isinstance(node, ast.Expr):
            said = [node.value]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Field", "Column"):
            said = [keyword.value for keyword in node.keywords if keyword.arg == "description"]
            said += node.args[2:3] if node.func.id == "Column" else []
        places |= {
            (one.lineno, one.col_offset) for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
    for line, column in sorted(places, reverse=True):
        whole = lines[line - 1]
        begin = re.match(rb"""r?(\"{3}|"|')""", whole[column:]).end() + column
        lines[line - 1] = whole[:begin] + b"Otherwise: " + whole[begin:]
    return b"".join(lines).decode(), len(places)


def test_a_file_more_makes_nothing_stale(copy: Path, flows: dict[Place, Stage]) -> None:
    before = versions(copy, flows)
    for package in [path.parent for path in copy.rglob("__init__.py")]:
        (package / "one_more.py").write_text("SOMETHING = 1\n")
        (package / "one_more.txt").write_text("something")
    assert versions(copy, flows) == before


def test_weights_beside_a_module_are_its_own(copy: Path, flows: dict[Place, Stage]) -> None:
    before = versions(copy, flows)
    weights = copy / "extract" / "blocks.npz"
    weights.write_bytes(weights.read_bytes() + b"\0")
    after = versions(copy, flows)
    assert {stage for (_, stage), version in after.items() if version != before[_, stage]} == {
        "documents", "domain_labels"
    }


def test_settings_hold_nothing_but_sections() -> None:
    # They do not count to any stage's code: their values are configuration.
    for path in Path(data_platform.__file__).parent.rglob("*/settings.py"):
        functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert path.parent.name == "core" or all(name.startswith("_") for name in functions), path


# -- methods of other distributions -----------------------------------------------------------------------------------

METHOD = """
'''A method.'''
from __future__ import annotations
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
import tidy
from . import shared
from .inner.deep import depth
from data_platform.kernels import ids
if TYPE_CHECKING:
    from tidy import types_only
else:
    from tidy import at_run
WORDS = Path(__file__).with_name("words.txt")
class Settings:
    limit: int = Field(3, description="How many.")
class Tidy:
    gives = (Column("tidy", int, "How tidy.", minimum=0),)
    examples = (1, 2)
    def score(self):
        from tidy import _fast
        return import_module(".late", __package__), import_module("tidy.later")
"""


@pytest.fixture
def tidy(tmp_path: Path) -> Path:
    """A package of a method that is not the platform's."""
    folder = tmp_path / "tidy"
    for name in ("shared", "types_only", "at_run", "late", "later", "unused", "inner/deep"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text("from ..shared import VALUE\n" if name == "inner/deep" else "VALUE = 1\n")
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "words.txt").write_text("a b")
    (folder / "method.py").write_text(METHOD)
    return folder


def _digest(folder: Path) -> str:
    return Code({"tidy": folder}).digest("tidy.method")


def test_a_method_reaches_its_own_package_and_the_platform(tidy: Path) -> None:
    found = Code({"tidy": tidy}).reached("tidy.method")
    assert {name for name in found if name.startswith("tidy")} == {
        "tidy", "tidy.method", "tidy.shared", "tidy.inner", "tidy.inner.deep", "tidy.at_run", "tidy.late", "tidy.later"
    }
    assert {"data_platform.kernels.ids", "data_platform.kernels"} < found


@pytest.mark.parametrize(("name", "text"), [
    ("__init__.py", "VALUE = 2\n"), ("inner/__init__.py", "VALUE = 2\n"), ("shared.py", "VALUE = 2\n"),
    ("late.py", "VALUE = 2\n"), ("later.py", "VALUE = 2\n"), ("at_run.py", "VALUE = 2\n"), ("words.txt", "a b c"),
    ("method.py", METHOD.replace("Field(3", "Field(4")), ("method.py", METHOD.replace('"tidy", int', '"tidy", float')),
])  # fmt: skip
def test_what_a_method_computes_with_counts(tidy: Path, name: str, text: str) -> None:
    before = _digest(tidy)
    (tidy / name).write_text(text)
    assert _digest(tidy) != before


@pytest.mark.parametrize(("name", "text"), [
    ("unused.py", "VALUE = 2\n"), ("types_only.py", "VALUE = 2\n"), ("notes.txt", "a"),
    ("method.py", METHOD.replace("How many.", "How much.")), ("method.py", METHOD.replace("How tidy.", "Tidiness.")),
    ("method.py", METHOD.replace("A method.", "The method.")), ("method.py", METHOD.replace("(1, 2)", "(1, 3)")),
    ("method.py", METHOD.replace("import types_only", "import unused")), ("method.py", METHOD.replace("    ", "  ")),
])  # fmt: skip
def test_what_a_method_only_says_does_not_count(tidy: Path, name: str, text: str) -> None:
    before = _digest(tidy)
    (tidy / name).write_text(text)
    assert _digest(tidy) == before


def test_compiled_code_counts_by_the_version_of_its_distribution(tidy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tidy / "_fast.abi3.so").write_bytes(b"")
    installed = {"tidy": "1.0"}
    monkeypatch.setattr("data_platform.core.code._versions", lambda name: (installed.get(name, ""),))
    before = _digest(tidy)
    installed["tidy"] = "1.1"
    assert _digest(tidy) != before


def test_a_number_of_its_own_makes_a_method_stale(flows: dict[Place, Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = flows["everything", "filter_verdicts"]
    before = {place: stage.code_version for place, stage in flows.items()}
    method = next(method for method in verdicts.methods if method.name == "c4")
    monkeypatch.setattr(method, "version", method.version + 1)
    stale = {place for place, stage in flows.items() if stage.code_version != before[place]}
    assert stale == {place for place, stage in flows.items() if method in stage.methods}
    assert ("everything", "filter_verdicts") in stale
