"""One crawl partition, four tables: mathematics, code, questions and general text, each row back to its WARC record."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.proof.audit import audit
from data_platform.proof.gate import prove
from data_platform.proof.trace import trace
from data_platform.run.books import books
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.ingest.archives import members, response, warc

# The patterns of the example recipe; the classifiers learn from labels of the test, and a fifth domain is added.
RECIPE = """
name: domains
sources:
  - {{name: crawl, snapshot: now, domain: web, paths: ["{folder}/crawl.warc.gz"]}}
extraction: {{engine: auto}}
filters: {{rule_sets: {{}}}}
branches: {branches}
mixtures: {{all: {{tokens: 100000, tiers: [0, 1, 2, 3, 4], weights: {{general: 1, math: 1}}}}}}
"""
PROSE = (
    "The old mill by the river has been a bakery since the spring, and on Saturdays the whole village walks there. "
    "People talk about the weather and their gardens, and nobody is in a hurry to leave before the bread is sold out. "
)
MATH = (
    "We prove the theorem for a convex function on an interval. Let \\(f(x) = x^2 + 1\\) and note that the integral "
    "$\\int_0^1 f(x)\\,dx = \\frac{4}{3}$ exists; by the lemma the sum $\\sum_{k=1}^n k = \\frac{n(n+1)}{2}$ is an "
    "integer, and the proof of the theorem follows from the inequality by induction on the number of terms. "
)
CODE = "def area(radius):\n    if radius < 0:\n        raise ValueError(radius)\n    return 3.14159 * radius ** 2"
RECIPE_PROSE = "Beat the butter with the sugar, add the flour and bake the cake in the oven for an hour at low heat. "
# The same formula as pages carry it: MathML with TeX beside it (KaTeX, Wikipedia), MathML alone, MathJax 2, an image.
FORMS = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>a</mi></mrow><annotation '
    'encoding="application/x-tex">\\frac{a}{b+1}</annotation></semantics></math></span><span class="katex-html" '
    'aria-hidden="true"><span class="mord">ab+1</span></span></span>',
    '<math display="block"><mfrac><mi>c</mi><mrow><mi>d</mi><mo>+</mo><mn>2</mn></mrow></mfrac></math>',
    '<span class="MathJax_Preview"></span><script type="math/tex">\\frac{e}{f+3}</script>',
    '<img class="mwe-math-fallback-image-inline" alt="{\\displaystyle {\\frac {g}{h+4}}}" src="x.svg">',
)
FORMULAS = ("\\(\\frac{a}{b+1}\\)", "\\[\\frac{c}{d+2}\\]", "\\(\\frac{e}{f+3}\\)", "\\({\\frac {g}{h+4}}\\)")
PAGES = {
    "math": f"<p>{MATH}</p><figure><img src='area.png' alt='An area'></figure>"
    f"<p>{MATH.replace('convex', 'concave')}</p>" + "".join(
        f"<p>By the lemma the integral of the convex function is {form} and the proof of the theorem follows.</p>"
        for form in FORMS
    ),
    "code": f"<p>{PROSE}</p><pre><code>{CODE}</code></pre><p>{PROSE}</p><pre>$ pip install area</pre>",
    "qa": "".join(
        f"<h3>How long does {thing} keep in the larder of the mill?</h3><p>Kept cool and dry, {thing} keeps for many "
        f"weeks and can be eaten without worry; after that, look at it closely before you do.</p>"
        for thing in ("flour", "butter", "honey", "cheese", "bread", "jam")
    ),
    "general": f"<p>{PROSE}</p><p>{PROSE.replace('village', 'town')}</p>",
    "cooking": f"<p>{RECIPE_PROSE}</p><p>{RECIPE_PROSE.replace('cake', 'tart')}</p><p>Serves 4 people.</p>",
}


def _labels() -> str:
    """Texts of mathematics and of everything else on twelve hosts each."""
    rows = [
        {"text": f"{text} {number}", "label": label, "url": f"https://{label}{number}.example/"}
        for number in range(12)
        for label, text in ((1, MATH), (0, PROSE), (0, RECIPE_PROSE), (0, f"How many? {PROSE}"))
    ]
    return "\n".join(map(json.dumps, rows))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Path]:
    folder = tmp_path_factory.mktemp("branches")
    (folder / "labels.jsonl").write_text(_labels())
    (folder / "crawl.warc.gz").write_bytes(members(
        warc(response(f"<html><body><article><h1>{kind}</h1>{body}</article></body></html>".encode()),
             url=f"https://{kind}.example/0")
        for kind, body in PAGES.items()
    ))
    published = load_recipe(REPOSITORY / "recipes" / "branches.yaml").model_dump(mode="json")["branches"]
    published["math"]["cascade"]["labels"] = [{"kind": "files", "paths": [str(folder / "labels.jsonl")]}]
    cooking = {"evidence": {"servings": {"pattern": r"(?i)\bserves \d+ people"}}}
    published["general"]["rule_sets"] = {}
    branches = {**{name: published[name] for name in ("math", "code", "qa")}, "cooking": cooking,
                "general": published["general"]}
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(folder=folder, branches=json.dumps(branches)))
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_stages.py")), str(recipe), str(folder / "lake")],
        capture_output=True, text=True, timeout=300, cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Lake(str(folder / "lake")), recipe


@pytest.mark.parametrize("kind", PAGES)
def test_every_domain_is_a_table_with_its_pages(lake: tuple[Lake, Path], kind: str) -> None:
    rows = lake[0].read_table(f"branch_{kind}").to_pylist()
    assert [row["url"] for row in rows] == [f"https://{kind}.example/0"]
    assert rows[0]["domain"] == kind


def test_formulas_and_code_are_as_the_page_had_them(lake: tuple[Lake, Path]) -> None:
    (math,) = lake[0].read_table("branch_math").to_pylist()
    for formula in ("\\(f(x) = x^2 + 1\\)", "$\\int_0^1 f(x)\\,dx = \\frac{4}{3}$",
                    "$\\sum_{k=1}^n k = \\frac{n(n+1)}{2}$", *FORMULAS):
        assert math["text"].count(formula) == (1 if formula in FORMULAS else 2), formula
    (code,) = lake[0].read_table("branch_code").to_pylist()
    assert all(line.strip() in code["text"] for line in CODE.splitlines()) and "pip install area" in code["text"]


def test_images_are_kept_where_they_stood_in_the_text(lake: tuple[Lake, Path]) -> None:
    rows = {row["url"]: row for row in lake[0].read_table("documents", ["url", "text", "images"]).to_pylist()}
    page = rows.pop("https://math.example/0")
    (image,) = page["images"]
    assert (image["url"], image["alt"]) == ("https://math.example/area.png", "An area")
    before, after = page["text"][: image["position"]], page["text"][image["position"] :]
    assert before.count("We prove") == after.count("We prove") == 1 and after.startswith("\n\nWe prove")
    assert all(row["images"] == [] for row in rows.values())


def test_every_domain_is_proven_from_the_tables(lake: tuple[Lake, Path]) -> None:
    for kind in PAGES:
        proof = prove(lake[0], f"branch_{kind}")
        assert proof.complete and proof.admitted is None and proof.examination.rows.num_rows == 1
        assert audit(lake[0], f"branch_{kind}")["proven"]


def test_nothing_is_lost_between_the_tables(lake: tuple[Lake, Path]) -> None:
    recipe = load_recipe(lake[1])
    workspace, flow = Workspace(recipe, lake[0]), stages(recipe)
    for name in ("document_branches", "filter_verdicts", "filtered_documents", "deduplicated_documents",
                 *(f"branch_{kind}" for kind in PAGES)):
        assert books(workspace.lake, flow[name], "now").missing == 0, name
    entry = books(workspace.lake, flow["branch_math"], "now")
    assert entry.kept == 1 and entry.dropped == {f"other_domain.{kind}": 1 for kind in sorted(PAGES) if kind != "math"}


def test_every_row_is_traced_to_its_record(lake: tuple[Lake, Path]) -> None:
    archive = (lake[1].parent / "crawl.warc.gz").read_bytes()
    for kind in PAGES:
        (row,) = lake[0].read_table(f"branch_{kind}", ["doc_id"]).to_pylist()
        answer = trace(lake[0], f"branch_{kind}", row["doc_id"])
        assert answer["branch"]["domain"] == kind and answer["document"]["url"] == f"https://{kind}.example/0"
        record = gzip.decompress(archive[answer["record"]["offset"] :][: answer["record"]["length"]])
        assert f"WARC-Target-URI: https://{kind}.example/0".encode() in record
        assert {model["model_id"].split("@")[0] for model in answer["models"]} == {"branch_math"}


def test_what_the_classifiers_reach_is_on_record(lake: tuple[Lake, Path]) -> None:
    (row,) = lake[0].read_table("domain_classifiers").to_pylist()
    metrics = json.loads(row["metrics"])
    assert metrics["held_out_hosts"] > 2 and metrics["first"]["recall"] == metrics["cascade"]["precision"] == 1.0
