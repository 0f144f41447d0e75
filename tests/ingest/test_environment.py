"""The demo's sources: what is installed, the same bytes every time, read like any other crawl and any other file."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_platform.ingest import installed
from data_platform.ingest.crawl import read_archive
from data_platform.ingest.environment import reference_texts
from data_platform.ingest.files import Fields, read_jsonl
from data_platform.ingest.installed_archives import environment_archives
from data_platform.ingest.records import Archive
from data_platform.ingest.settings import EnvironmentFiles, EnvironmentPages, Ingest, LicenseClaim
from data_platform.ingest.sources import SourceError
from tests.ingest.archives import captures

PAGES = EnvironmentPages(kind="environment_pages", name="pages", snapshot="s")
FILES = EnvironmentFiles(kind="environment_files", name="files", snapshot="s", max_bytes=100)
_CACHES = ("installed", "metadata_of", "name_of", "files_of")


def install(folder: Path, name: str, headers: str = "", description: str = "", files: dict[str, str] | None = None):
    """A distribution of version 1.0 as an installer leaves it; the keys of `files` are paths below `folder`."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{headers}\n{description}"
    files = {f"{info}/METADATA": metadata, **(files or {})}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / info / "RECORD").write_text("".join(f"{path},,\n" for path in files), "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment that holds what a test installs in this folder, and nothing else."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(installed, "distributions", lambda path: importlib.metadata.distributions(path=[str(folder)]))
    for name in _CACHES:
        getattr(installed, name).cache_clear()
    yield folder
    for name in _CACHES:
        getattr(installed, name).cache_clear()


def pages_of(archive: Archive) -> dict[str, str]:
    """Pages by URL, through the ordinary reader."""
    with open(archive.uri, "rb") as raw:
        return {item.url: item.payload.decode() for item in captures(read_archive(raw, archive, Ingest()))}


def rows_of(archive: Archive) -> list:
    """Rows, through the ordinary reader."""
    with open(archive.uri, "rb") as raw:
        return captures(read_jsonl(raw, archive, Fields(), Ingest()))


def test_a_description_becomes_a_page_with_the_licence_that_is_declared(site: Path, tmp_path: Path) -> None:
    markdown = "Description-Content-Type: text/markdown\n"
    install(site, "expression", f"License-Expression: MIT\n{markdown}", "# Title\n\nSome *text*.")
    install(site, "classifier", "Classifier: License :: OSI Approved :: Apache Software License\n", "Title\n=====\n\nx")
    install(site, "field", f"License: BSD-3-Clause\n{markdown}", "x")
    install(site, "both", f"License-Expression: MIT\nLicense: Apache-2.0\n{markdown}", "x")
    install(site, "several", f"License-Expression: MIT AND Apache-2.0\n{markdown}", "x")
    install(site, "own-words", f"License: free for friends\n{markdown}", "x")
    install(site, "reference", f"License-Expression: LicenseRef-public-domain\n{markdown}", "x")
    install(site, "plain", "Description-Content-Type: text/plain\n", "<b> & text")
    install(site, "silent", "License-Expression: MIT\n")
    install(site, "data_platform", f"License-Expression: MIT\n{markdown}", "x")
    (archive,) = environment_archives(PAGES, tmp_path / "out")
    pages = {url.removeprefix("https://pypi.org/project/"): page for url, page in pages_of(archive).items()}
    assert sorted(pages) == sorted(
        f"{name}/1.0/"
        for name in ("expression", "classifier", "field", "both", "several", "own-words", "reference", "plain")
    )

    def links(name: str) -> list[str]:
        return [part.partition('"')[0] for part in pages[f"{name}/1.0/"].split('<link rel="license" href="')[1:]]

    assert links("expression") == links("both") == ["https://spdx.org/licenses/MIT.html"]
    assert links("classifier") == ["https://spdx.org/licenses/Apache-2.0.html"]
    assert links("field") == ["https://spdx.org/licenses/BSD-3-Clause.html"]
    assert links("several") == links("own-words") == links("reference") == links("plain") == []
    assert "license" not in pages["own-words/1.0/"].lower()
    assert "<em>text</em>" in pages["expression/1.0/"]
    assert "&lt;b&gt; &amp; text" in pages["plain/1.0/"]


def test_files_become_rows_with_what_the_distribution_declares(site: Path, tmp_path: Path) -> None:
    license_text = "Permission is hereby granted" * 2_000
    classifier = "License :: OSI Approved :: MIT License"
    install(
        site, "demo", f"License-Expression: MIT\nLicense: MIT License\nClassifier: {classifier}\n",
        files={
            "demo/a.py": "x = 'ü'\n", "demo/empty.py": "", "demo/large.py": "#" * 101, "demo/b.so": "binary",
            "demo-1.0.dist-info/licenses/LICENSE": license_text,
        },
    )  # fmt: skip
    install(site, "data_platform", files={"data_platform/own.py": "x = 1\n"})
    (archive,) = environment_archives(FILES, tmp_path / "out")
    row, notice = rows_of(archive)
    assert (row.url, row.payload.decode(), row.record_type) == ("file:demo/a.py", "x = 'ü'\n", "row")
    assert (notice.url, notice.payload.decode()) == ("file:demo-1.0.dist-info/licenses/LICENSE", license_text)
    assert notice.metadata["distribution"] == "demo"
    assert row.metadata["distribution"] == "demo"
    assert row.metadata["version"] == "1.0"
    assert row.metadata["license_expression"] == "MIT"
    assert row.metadata["license_field"] == "MIT License"
    assert row.metadata["license_classifiers"] == [classifier]
    with gzip.open(archive.uri) as lines:
        (written,) = json.loads(next(lines))["license_files"]
    assert written == {"name": "LICENSE", "text": license_text[:20_000]}


def test_the_limit_takes_of_every_distribution_in_turn(site: Path, tmp_path: Path) -> None:
    install(site, "large", files={f"large/{number}.py": "x = 1\n" for number in range(50)})
    install(site, "small", files={"small/a.py": "x = 1\n", "small/b.py": "x = 1\n"})
    (archive,) = environment_archives(FILES.model_copy(update={"limit": 4}), tmp_path / "out")
    assert sorted(row.url.split("/")[0] for row in rows_of(archive)) == ["file:large"] * 2 + ["file:small"] * 2


@pytest.mark.parametrize("source", [PAGES, FILES])
def test_the_same_environment_gives_the_same_bytes_and_another_gives_another_file(
    site: Path, tmp_path: Path, source: EnvironmentPages | EnvironmentFiles
) -> None:
    install(site, "one", "Description-Content-Type: text/markdown\n", "text", {"one/a.py": "x = 1\n"})
    (first,) = environment_archives(source, tmp_path / "first")
    (second,) = environment_archives(source, tmp_path / "second")
    assert Path(first.uri).read_bytes() == Path(second.uri).read_bytes()
    assert (first.name, first.size, first.fingerprint) == (second.name, second.size, second.fingerprint)

    written = Path(first.uri).stat().st_mtime_ns
    assert environment_archives(source, tmp_path / "first") == [first]
    assert Path(first.uri).stat().st_mtime_ns == written  # it was not written again

    install(site, "two", "Description-Content-Type: text/markdown\n", "text", {"two/a.py": "x = 1\n"})
    for name in _CACHES:
        getattr(installed, name).cache_clear()
    (changed,) = environment_archives(source, tmp_path / "first")
    assert changed.uri != first.uri
    assert changed.fingerprint != first.fingerprint
    assert not [path for path in (tmp_path / "first").rglob("*") if path.is_file() and path.suffix != ".gz"]


def test_what_is_claimed_of_a_source_writes_nothing_anew(site: Path, tmp_path: Path) -> None:
    install(site, "one", "Description-Content-Type: text/markdown\n", "text")
    claimed = PAGES.model_copy(update={"license": LicenseClaim(spdx="MIT", basis="said so"), "domain": "other"})
    assert environment_archives(claimed, tmp_path) == environment_archives(PAGES, tmp_path)
    others = PAGES.model_copy(update={"limit": 1})
    assert environment_archives(others, tmp_path) != environment_archives(PAGES, tmp_path)


def test_an_environment_without_files_is_named(site: Path, tmp_path: Path) -> None:
    install(site, "nothing")
    with pytest.raises(SourceError, match="source files"):
        environment_archives(FILES, tmp_path / "out")


def test_what_is_installed_here_can_be_read(tmp_path: Path) -> None:
    (archive,) = environment_archives(PAGES.model_copy(update={"limit": 12}), tmp_path)
    pages = pages_of(archive)
    assert len(pages) == 12
    assert all("<article>" in page for page in pages.values())
    (archive,) = environment_archives(FILES.model_copy(update={"limit": 60, "max_bytes": 20_000}), tmp_path)
    rows = [row for row in rows_of(archive) if ".dist-info/" not in row.url]
    assert len(rows) == 60
    assert len({row.metadata["distribution"] for row in rows}) > 50


def test_reference_texts_are_labelled_prose_and_listings() -> None:
    texts = reference_texts(50)
    assert [label for _, _, label in texts] == [1] * 50 + [0] * 50
    assert len({text for _, text, _ in texts}) == 100
    assert all(len(text.split()) >= 40 for _, text, label in texts if label == 1)
