"""Labels: whole origins are held out, formulas come out in delimiters, and a bad row is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_platform.branches.labels import DomainLabelError, domain_labels, host_of, url_labels
from data_platform.branches.settings import Branch, Cascade, DomainLabels
from data_platform.extract.settings import Extraction
from data_platform.ingest.settings import Ingest
from tests.ingest.archives import members, response, warc


def rows(part: DomainLabels) -> list[dict]:
    branch = Branch(cascade=Cascade(labels=(part,)))
    return domain_labels("math", branch, Extraction(), Ingest()).to_pylist()


def test_files_give_texts_by_host_and_hosts_are_held_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        {"text": f"text {page} of {host}", "label": "yes" if host % 2 else "no", "url": f"https://www.h{host}.org/{page}"}
        for host in range(20) for page in range(3)
    ]
    path.write_text("\n".join(map(json.dumps, [*lines, lines[0]])))
    found = rows(DomainLabels(kind="files", paths=(str(path),), positive=("yes",)))
    assert len(found) == 60 and sum(row["label"] for row in found) == 30
    sides = {row["origin"]: {other["split"] for other in found if other["origin"] == row["origin"]} for row in found}
    assert all(len(side) == 1 for side in sides.values()) and {"held_out"} in sides.values()
    assert host_of("https://www.h1.org/0") == "h1.org" and "h1.org" in sides


def test_pages_are_found_in_archives_by_their_url(tmp_path: Path) -> None:
    archive, urls = tmp_path / "a.warc.gz", tmp_path / "urls.tsv"
    body = "<html><body><article><p>{}</p></article></body></html>"
    prose = "The sum of the angles of a triangle is two right angles, as every pupil learns and few can prove. " * 5
    archive.write_bytes(members(
        warc(response(body.format(prose + name).encode()), url=f"https://{name}.org/") for name in "abc"
    ))
    urls.write_text("# a comment\nurl\tlabel\nhttps://a.org/\tmath\nhttps://b.org/\tgeneral\n")
    found = rows(DomainLabels(kind="pages", paths=(str(archive),), urls=str(urls), positive=("math",)))
    assert {(row["origin"], row["label"]) for row in found} == {("a.org", 1), ("b.org", 0)}
    assert all("two right angles" in row["text"] for row in found)


@pytest.mark.parametrize("line", ['{"text": 1, "label": 1}', '{"text": "secret"}', "secret"])
def test_a_bad_row_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line)
    with pytest.raises(DomainLabelError, match=r"a\.jsonl:1") as caught:
        rows(DomainLabels(kind="files", paths=(str(path),)))
    assert "secret" not in str(caught.value)


def test_the_labels_of_the_crawl_samples_are_whole() -> None:
    found = url_labels(str(Path(__file__).resolve().parents[2] / "benchmarks" / "labels" / "branches.tsv"))
    assert set(found.values()) == {"math", "code", "qa", "general"} and len(found) > 900


def test_a_tsv_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "urls.tsv").write_text("address\tlabel\nhttps://a.org/\tmath\n")
    with pytest.raises(DomainLabelError, match="columns url and label"):
        url_labels(str(tmp_path / "urls.tsv"))
