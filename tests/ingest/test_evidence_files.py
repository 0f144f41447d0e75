"""Files that speak of others, by their names."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from data_platform.extract.settings import Extraction
from data_platform.ingest.evidence_files import PATTERN, kind_of
from data_platform.ingest.settings import FilesSource
from data_platform.stages.documents import make_documents
from data_platform.takedown.removal_list import RemovalList

NAMES = {
    "license": ("a/LICENSE", "LICENSE-MIT", "COPYING.LESSER", "UNLICENSE", "licence.md", "LICENSES/MIT.txt",
                "x-1.dist-info/licenses/LICENSE", "mit-license.txt", "COPYRIGHT"),
    "notice": ("NOTICE", "notice.txt", "third_party_notices.txt", "ThirdPartyNotices.txt"),
    "authors": ("AUTHORS", "CONTRIBUTORS.md", "credits.txt"),
    "readme": ("README", "docs/readme.md", "README.zh-CN.md"),
    "collection": ("package.json", "Cargo.toml", "CITATION.cff", "index.json", "MANIFEST.in", "DESCRIPTION",
                   "yarn.lock", "x-1.dist-info/METADATA", "SHA256SUMS"),
}
OTHERS = ("license.py", "authors.py", "setup.py", "index.html", "notice_board.md", "author_guide.md", "a.jsonl#3",
          "LICENSE.jsonl#1", "licensing.md", "mylicense.txt", "Makefile", "docs/description.md", "readmes.md", "")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_evidence_is_known_by_its_name(kind: str, name: str) -> None:
    assert kind_of(f"file:{name}") == kind
    assert kind == "readme" or re.search(PATTERN, f"file:{name}", re.I)


@pytest.mark.parametrize("name", OTHERS)
def test_documents_are_no_evidence(name: str) -> None:
    assert kind_of(f"file:{name}") is None


def test_on_the_web_a_page_called_license_is_a_page() -> None:
    assert kind_of("https://example.org/about/license") is None
    assert kind_of("https://raw.example.org/a/b/main/LICENSE") == "license"
    assert kind_of("https://raw.example.org/a/b/main/README.md?x=1") == "readme"


def test_evidence_becomes_a_document_only_where_its_source_says_so() -> None:
    texts, urls = [b"One text.", b"Two texts.", b"Three."], ["file:LICENSE", "file:src/a.py", "file:LICENSE"]
    columns = [pa.array(texts, pa.large_binary()), *(pa.array([value] * 3) for value in ("text/plain", "utf-8"))]
    made = make_documents(
        *columns, pa.array(urls), pa.array(["file"] * 3), pa.array(["plain", "plain", "wanted"]), settings=Extraction(),
        language_model=None, tokenizer=None, domains={"plain": "code", "wanted": "code"}, removed=RemovalList(),
        evidence_only=frozenset({"plain"}),
    )
    assert made.field("kept").to_pylist() == [False, True, True]
    assert made.field("reason").to_pylist() == ["evidence_file", None, None]
    of_files = {"name": "a", "kind": "files", "snapshot": "s", "paths": ["p"]}
    assert not FilesSource.model_validate(of_files).evidence_documents
    assert FilesSource.model_validate({**of_files, "evidence_documents": True}).evidence_documents
