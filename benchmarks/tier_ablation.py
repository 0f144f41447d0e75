"""What each licence tier brings: the ablation of tiers on texts whose licences are known.

Unpacks diaries, speeches, reviews and articles (prose), and manuals (documentation), of the public domain, under
permissive licences, and under share-alike or copyleft; runs a recipe over them; and asks `data-platform lab tiers`. All
of it lies in a folder, by default one that goes; with `--folder` it stays, and what was interrupted goes on.

    python -m benchmarks.tier_ablation [--data FOLDER] [--folder FOLDER] [--sizes 300k,1M] [--seeds 3] [--tokens N]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.common import ROOT, parser

SOURCES = (
    ("cc0-1.0/pepys-diary.tar.xz", "prose", "CC0-1.0"),
    ("public-domain/nltk-state_union.zip", "prose", "LicenseRef-public-domain"),
    ("cc-by-4.0/nltk-movie_reviews.zip", "prose", "CC-BY-4.0"),
    ("cc-by-sa-3.0/wikitext-2-valid.txt", "prose", "CC-BY-SA-3.0"),
    ("mit-or-apache-2.0/rust-book.tar.xz", "documentation", "MIT OR Apache-2.0"),
    ("apache-2.0/data-juicer-docs.tar.xz", "documentation", "Apache-2.0"),
    ("bsd-3-clause/mitodl-docs.tar.xz", "documentation", "BSD-3-Clause"),
    ("cc-by-sa-4.0/owasp-cheatsheets-2024-12-31.tar.xz", "documentation", "CC-BY-SA-4.0"),
    ("gpl-3.0/pywb-docs.tar.xz", "documentation", "GPL-3.0-or-later"),
)
"""Archive, domain, licence: of the folders named after licences."""
MOST_FILES, MOST_CHARACTERS = 80, 20_000
"""Of one archive, and of one text: a diary of a year is cut into texts of this length."""
_TEXT = re.compile(r"\.(txt|md|rst|xhtml)$")
_MARKUP = re.compile(r"<[^>]+>")


def main() -> None:
    """Make the corpus, run it, and print the ablation."""
    options = parser(__doc__)
    options.add_argument("--folder", type=Path, help="where everything is written and stays")
    options.add_argument("--sizes", default="300k,1M")
    options.add_argument("--seeds", default="3")
    options.add_argument("--tokens", default="100000")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (given.folder or Path(name)).absolute()
        recipe = write_corpus(given.data / "domains", folder)
        environment = {**os.environ, "DATA_PLATFORM_HOME": str(folder / "home")}
        for command in (["run", str(recipe)],
                        ["lab", "tiers", "open", "--recipe", str(recipe), "--sizes", given.sizes, "--seeds",
                         given.seeds, "--tokens", given.tokens]):
            subprocess.run([sys.executable, "-m", "data_platform.cli.main", *command], check=True, cwd=ROOT,
                           env=environment)


def write_corpus(domains: Path, folder: Path) -> Path:
    """Write texts and a recipe into a folder."""
    sources = []
    for archive, domain, license_ in SOURCES:
        name = Path(archive).name.split(".")[0]
        place = folder / "texts" / name
        place.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(_texts(domains / archive)):
            if number == MOST_FILES:
                break
            (place / f"{number}.txt").write_text(text, encoding="utf-8")
        sources.append({"name": name, "kind": "files", "snapshot": "domains", "domain": domain, "paths": [str(place)],
                        "license": {"spdx": license_, "basis": f"domains/{archive}"}})
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({
        "name": "domains", "sources": sources, "filters": {"rule_sets": {}},
        "mixtures": {"open": {"tokens": 10_000_000, "tiers": [0, 1, 2], "weights": {"prose": 1, "documentation": 1}}},
    }))
    return recipe


def _texts(archive: Path) -> Iterator[str]:
    """The texts of an archive in the order of their names, cut where they are long."""
    for text in _files(archive):
        text = _MARKUP.sub("", text).strip()
        for start in range(0, len(text), MOST_CHARACTERS):
            if piece := text[start:start + MOST_CHARACTERS].strip():
                yield piece


def _files(archive: Path) -> Iterator[str]:
    if archive.suffix == ".txt":  # articles, each under a heading between single signs
        yield from re.split(r"(?m)^ = [^=\n]+ = $", archive.read_text(encoding="utf-8"))
    elif archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            for name in sorted(name for name in opened.namelist() if _TEXT.search(name) and "README" not in name):
                yield opened.read(name).decode("utf-8", "replace")
    else:
        with tarfile.open(archive) as opened:
            for member in sorted(opened.getmembers(), key=lambda member: member.name):
                if _TEXT.search(member.name):
                    yield opened.extractfile(member).read().decode("utf-8", "replace")


if __name__ == "__main__":
    main()
