"""Train the block classifier of the `auto` engine: `python -m benchmarks.train_extraction [--data FOLDER]`.

Writes data_platform/extract/blocks.npz and says which digest belongs into data_platform/extract/forest.py. The same
data, seed, libraries and blocks give the same bytes.

Labels, on the training hosts alone:

- blocks with a wanted segment are content and blocks with an unwanted one are not, with weight `GOLD`;
- all others are labelled by a teacher, trafilatura with all its fallbacks: content is what is in its text. Weight 1,
  half where its fast mode disagrees, and less on pages where the teacher misses segments itself;
- the content of every page once more as a page of nothing else, all of it content: there are such pages on the web, but
  none in this set, and without them a forest takes the frame of a page for granted and loses paragraphs that have none.

Two boosted forests (scikit-learn) are fitted. The scores that the second one reads are those of first forests that have
not seen the host (three folds); in the same way the cut is chosen.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.common import parser
from benchmarks.extraction_pages import TRAINING, Page, quality, read_pages
from data_platform.extract import forest
from data_platform.extract.auto import decide, read_page
from data_platform.extract.choose import html_extractor
from data_platform.extract.clean import clean_text
from data_platform.extract.features import context, features
from data_platform.extract.protocol import Rejected
from data_platform.extract.render import data_tables, render
from data_platform.extract.scan import Page as Scanned
from data_platform.extract.settings import Extraction

GOLD = 8.0
FOLDS = 3
CUTS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
BARE = tuple(
    (frame, between)
    for frame in ("<p>{}</p>", "<html><body><article><p>{}</p></article></body></html>",
                  "<html><head><title>A page</title></head><body><p>{}</p></body></html>")
    for between in ("</p><p>", "<br><br>")
)
"""Frames of pages of nothing but content, and what stands between their paragraphs."""
BARE_PARAGRAPHS = 16
BARE_CHARACTERS = 40  # shorter ones are captions and headings, which mean something in their place alone
SHORT_MATCH = 20  # letters from which a piece of a teacher's line counts as found
_SPACE = re.compile(r"\s+")
_PIECE = re.compile(r"\n|\\\(.*?\\\)|\\\[.*?\\\]")


@dataclass
class Example:
    """A page as the classifier sees it, with a label and a weight for every block."""

    page: Page
    scanned: Scanned
    tables: np.ndarray
    rows: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    first: np.ndarray = field(default_factory=lambda: np.empty(0))
    second: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def fold(self) -> int:
        """Which fold the host is in."""
        return hashlib.sha256(self.page.host.encode()).digest()[1] % FOLDS

    @property
    def both(self) -> np.ndarray:
        """What the second forest reads."""
        return np.concatenate([self.rows, context(self.scanned, self.first)], 1)


def example(page: Page, teacher: str, other: str) -> Example | None:
    """The page with labels, None if it has no text.

    Args:
        page: the page.
        teacher: text of the teacher.
        other: text of the second teacher, whose disagreement halves the weight.
    """
    read = read_page(page.payload, None, Extraction())
    if isinstance(read, Rejected):
        return None
    scanned, title = read
    rows = features(scanned, title)
    text = scanned.text.tobytes()
    blocks = [
        unicodedata.normalize("NFC", text[start:stop].decode("utf-8", "replace"))
        for start, stop in zip(scanned.start, scanned.stop, strict=True)
    ]
    label, doubt = _taught(blocks, teacher), _taught(blocks, other)
    faults = sum(segment not in teacher for segment in page.wanted) + sum(
        segment in teacher for segment in page.unwanted
    )
    weight = np.where(label == doubt, 1.0, 0.5) * (1.0, 0.5, 0.25)[min(faults, 2)]
    votes = _votes(blocks, page, label)
    label = np.where(votes == 0, label, votes > 0)
    weight = np.where(votes == 0, weight, GOLD)
    return Example(page, scanned, data_tables(scanned), rows, label, weight)


def bare(one: Example) -> Example | None:
    """The first paragraphs of a page's content as a page of nothing else; None if it has none."""
    text = one.scanned.text.tobytes()
    content = [
        text[start:stop].decode("utf-8", "replace")
        for start, stop, label in zip(one.scanned.start, one.scanned.stop, one.label, strict=True)
        if label
    ]
    number = int.from_bytes(hashlib.sha256(one.page.url.encode()).digest()[2:4], "big")
    frame, between = BARE[number % len(BARE)]
    paragraphs = [escape(paragraph) for paragraph in content if len(paragraph) >= BARE_CHARACTERS]
    if not paragraphs:
        return None
    markup = frame.format(between.join(paragraphs[: 1 + number // len(BARE) % BARE_PARAGRAPHS]))
    page = Page(f"{one.page.url}#bare", markup.encode(), (), ())
    read = read_page(page.payload, None, Extraction())
    if isinstance(read, Rejected):
        return None
    scanned, title = read
    count = len(scanned.start)
    return Example(page, scanned, data_tables(scanned), features(scanned, title), np.ones(count, bool), np.ones(count))


def _taught(blocks: Sequence[str], text: str) -> np.ndarray:
    """Which blocks are in a teacher's text: their longest piece is a line or cell of it, or long enough and within one.
    Pieces are parted by line breaks and by formulas, which the teacher loses."""
    lines = [_squeezed(line.lstrip("- ")) for line in text.split("\n")]
    known, whole = {cell for line in lines for cell in (line, *line.split("|"))}, "\n".join(lines)
    longest = [max((_squeezed(piece) for piece in _PIECE.split(block)), key=len) for block in blocks]
    return np.array([line in known or (len(line) >= SHORT_MATCH and line in whole) for line in longest])


def _votes(blocks: Sequence[str], page: Page, label: np.ndarray) -> np.ndarray:
    """Wanted minus unwanted segments of each block. Of several places of a wanted segment, one that the teacher keeps
    and the longest counts, as one is enough; an unwanted one is unwanted wherever it stands."""
    squeezed = [_squeezed(block) for block in blocks]
    owner = np.repeat(np.arange(len(blocks)), [len(block) for block in squeezed])
    whole = "".join(squeezed)
    votes = np.zeros(len(blocks))

    def places(segment: str) -> list[np.ndarray]:
        needle = _squeezed(segment)
        return [np.unique(owner[at:at + len(needle)]) for at in _occurrences(whole, needle)] if needle else []

    for segment in page.wanted:
        if found := places(segment):
            kept = [place for place in found if label[place].mean() > 0.5] or found
            votes[max(kept, key=lambda place: sum(len(squeezed[block]) for block in place))] += 1
    for segment in page.unwanted:
        for place in places(segment):
            votes[place] -= 1
    return votes


def _occurrences(text: str, needle: str) -> list[int]:
    return [match.start() for match in re.finditer(f"(?={re.escape(needle)})", text)]


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text)


def fit(
    examples: Sequence[Example], table: Callable[[Example], np.ndarray], trees: int, seed: int
) -> HistGradientBoostingClassifier:
    """One forest."""
    return HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.12, max_leaf_nodes=31, min_samples_leaf=20, l2_regularization=5.0,
        max_features=0.3, early_stopping=False, random_state=seed,
    ).fit(
        np.concatenate([table(one) for one in examples]), np.concatenate([one.label for one in examples]),
        sample_weight=np.concatenate([one.weight for one in examples]),
    )  # fmt: skip


def flat(model: HistGradientBoostingClassifier) -> forest.Forest:
    """The trees of scikit-learn's model as arrays. Thresholds are rounded down to float32, so that a float32 is not
    larger than the one exactly if it is not larger than the other."""
    trees = [iteration[0].nodes for iteration in model._predictors]
    root = np.cumsum([0, *(len(tree) for tree in trees[:-1])])
    nodes, offset = np.concatenate(trees), np.repeat(root, [len(tree) for tree in trees])
    leaf, itself = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    threshold = nodes["num_threshold"].astype(np.float32)
    threshold = np.where(threshold > nodes["num_threshold"], np.nextafter(threshold, np.float32(-np.inf)), threshold)
    return forest.Forest(
        np.where(leaf, 0, nodes["feature_idx"]).astype(np.int16), np.where(leaf, 0, threshold).astype(np.float32),
        np.stack([np.where(leaf, itself, nodes[side] + offset) for side in ("left", "right")], 1).astype(np.int32),
        np.where(leaf, nodes["value"], 0).astype(np.float32), root.astype(np.int32),
        np.array([tree["depth"].max() for tree in trees], np.int32), float(np.ravel(model._baseline_prediction)[0]),
    )  # fmt: skip


def texts(examples: Sequence[Example], cut: float) -> dict[str, str]:
    """What the engine would give with the second scores that the examples carry."""
    return {
        one.page.url: clean_text(render(one.scanned, decide(one.scanned, one.second, one.tables, cut), one.tables))
        for one in examples
    }


def train(examples: Sequence[Example], trees: int, seed: int) -> tuple[forest.Model, str]:
    """The model, and how well its folds did."""
    for fold in range(FOLDS):
        model = flat(fit([one for one in examples if one.fold != fold], lambda one: one.rows, trees, seed))
        for one in examples:
            if one.fold == fold:
                one.first = forest.score(model, one.rows)
    for fold in range(FOLDS):
        model = flat(fit([one for one in examples if one.fold != fold], lambda one: one.both, trees, seed))
        for one in examples:
            if one.fold == fold:
                one.second = forest.score(model, one.both)
    pages = [one.page for one in examples]
    by_cut = {cut: quality(pages, texts(examples, cut)) for cut in CUTS}
    cut = max(CUTS, key=lambda cut: by_cut[cut].f1)
    second = flat(fit(examples, lambda one: one.both, trees, seed))
    first = flat(fit(examples, lambda one: one.rows, trees, seed))
    return forest.Model(first, second, cut), f"folds at cut {cut}: {by_cut[cut]}"


def save(model: forest.Model, provenance: str, path: Path) -> str:
    """Write the weights, the same bytes for the same weights, and return their digest."""
    arrays = {
        f"{name}_{key}": np.asarray(value)
        for name, one in (("first", model.first), ("second", model.second))
        for key, value in one._asdict().items()
    } | {"cut": np.float64(model.cut), "provenance": np.array(provenance)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, value in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(value))
            # A ZipInfo without a date is dated 1980.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def main() -> None:
    """Train, write, and say what was written."""
    arguments = parser(__doc__)
    arguments.add_argument("--trees", type=int, default=80, help="trees of each forest (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--output", type=Path, default=forest.WEIGHTS, help="file (default: %(default)s)")
    options = arguments.parse_args()
    pages = [page for page in read_pages(options.data) if page.half == TRAINING]
    engines = [html_extractor(Extraction(engine="trafilatura", options={"fast": fast})) for fast in (False, True)]
    examples = []
    for page in pages:
        results = [engine.extract(page.payload, "text/html", None, page.url) for engine in engines]
        if one := example(page, *(getattr(result, "text", "") for result in results)):
            examples += filter(None, (one, bare(one)))
    model, folds = train(examples, options.trees, options.seed)
    inputs = hashlib.sha256("\0".join(sorted(page.url for page in pages)).encode()).hexdigest()[:12]
    provenance = (
        f"{len(examples)} examples of trafilatura's evaluation set, training hosts (URLs {inputs}); teacher "
        f"{engines[0].version}; scikit-learn {sklearn.__version__}, {options.trees} trees, seed {options.seed}; {folds}"
    )
    digest = save(model, provenance, options.output)
    print(provenance)
    print(f"{options.output.stat().st_size} bytes; forest.DIGEST must be {digest!r} (is {forest.DIGEST!r})")


if __name__ == "__main__":
    main()
