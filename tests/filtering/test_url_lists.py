"""Block lists in UT1's layout, rules and words: what they block, what they let pass, and real crawls by category."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_platform.core.kinds.rule_set import Rules
from data_platform.filtering.rules import judge
from data_platform.filtering.settings import Urls
from data_platform.filtering.url_lists import (
    UrlListError,
    UrlMatcher,
    list_digests,
    unreadable_lines,
    url_columns,
    url_config,
    url_rules,
)


def reasons(urls: Urls, *addresses: str) -> list[str]:
    """The reason per URL, '' if it is kept."""
    rows = pa.table(url_columns(pa.array(addresses, pa.string()), urls, list_digests(urls)))
    return judge(rows, [url_rules(urls)]).field("reason").to_pylist()


def write_list(folder: Path, category: str, **files: str) -> None:
    (folder / category).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / category / name).write_text(content, encoding="utf-8")


@pytest.fixture
def lists(tmp_path: Path) -> Urls:
    write_list(
        tmp_path, "adult", domains="bad.example\n.WORSE.example\n\n# a comment\n192.0.2.7\r\n",
        urls="www.shop.example/adult/\nhttp://blog.example/~x\n", expressions="(^|[-?+=&/_.])(foo|bar)x?([-?/.]|$)\n",
    )  # fmt: skip
    write_list(tmp_path, "games", domains="play.example\nbad.example")
    write_list(tmp_path, "press", domains="news.example")
    return Urls(lists=(str(tmp_path),), categories=("adult", "games"))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://bad.example/", "url.adult"), ("http://a.b.bad.example", "url.adult"),
        ("https://BAD.Example./x", "url.adult"),
        ("https://user:p@bad.example:8080/x?y", "url.adult"), ("https://worse.example?x", "url.adult"),
        ("http://192.0.2.7/", "url.adult"), ("http://192.0.2.70/", ""), ("https://notbad.example/", ""),
        ("https://bad.example.org/", ""), ("https://x.org/bad.example", ""), ("https://x.org/?u=//bad.example/", ""),
        ("https://shop.example/", ""), ("https://shop.example/adult", "url.adult"),
        ("https://www.shop.example/ADULT/toys?p=1", "url.adult"), ("https://shop.example/adults", ""),
        ("https://shop.example:443/adult#top", "url.adult"), ("https://a.shop.example/adult", ""),
        ("https://blog.example/~x/y", "url.adult"), ("https://blog.example/~xy", ""),
        ("https://ok.example/some-foo-page", "url.adult"), ("https://ok.example/food", ""),
        ("https://play.example/", "url.games"), ("https://news.example/", ""),
        ("file:///bad.example/x", ""), ("bad.example", ""), ("", ""), ("://", ""), ("https:///x", ""),
    ],
)  # fmt: skip
def test_what_lists_block(lists: Urls, address: str, reason: str) -> None:
    assert reasons(lists, address) == [reason]


STRANGE = """*.star.example
port.example:8080
http://scheme.example/
DOT.example.
host.example/path/x
müller.example
xn--strae-oqa.example
*.пример.рф
[2a00::1]
user@u.example
0.0.0.0 hosts.example
||adblock.example^
2a00::2
*
"""


@pytest.mark.parametrize(
    ("address", "blocked"),
    [
        ("http://a.star.example/", True), ("http://star.example", True), ("https://port.example/", True),
        ("http://port.example:9/x", True), ("http://scheme.example/z", True), ("http://dot.example./", True),
        ("http://host.example/", False), ("http://host.example/path/x/y", True), ("http://host.example/path/xy", False),
        ("http://müller.example/", True), ("http://xn--mller-kva.example/", True), ("http://a.straße.example/", True),
        ("http://XN--STRAE-OQA.example/", True), ("http://xn--e1afmkfd.xn--p1ai/", True), ("http://a.пример.рф", True),
        ("http://[2a00::1]:80/", True), ("http://a:b@u.example", True), ("http://hosts.example", False),
        ("http://p.example/a", True), ("http://user@p.example:8080/A/b", True), ("http://p.example/ab", False),
        ("http://xn--bcher-kva.example/x", True), ("http://other.example", False),
    ],
)  # fmt: skip
def test_lines_are_read_as_they_are_meant(tmp_path: Path, address: str, blocked: bool) -> None:
    write_list(tmp_path, "adult", domains=STRANGE, urls="p.example:8080/a/\nhttp://www.bücher.example/x\n")
    urls = Urls(lists=(str(tmp_path),), categories=("adult",))
    assert reasons(urls, address) == ["url.adult" if blocked else ""]
    assert unreadable_lines(urls) == {"adult": 4}


def test_every_category_that_blocks_is_on_record_in_the_order_of_the_recipe(lists: Urls) -> None:
    def failed(urls: Urls) -> list[str]:
        rows = pa.table(url_columns(pa.array(["https://bad.example"]), urls, list_digests(urls)))
        return judge(rows, [url_rules(urls)]).field("failed").to_pylist()[0]

    assert failed(lists) == ["url.adult", "url.games"]
    assert failed(lists.model_copy(update={"categories": ("games", "adult")})) == ["url.games", "url.adult"]


def test_rules_of_hosts_paths_and_patterns_must_all_hold() -> None:
    urls = Urls.model_validate({
        "rules": {
            "forum": {"hosts": ["one.example", "two.example"], "paths": ["/forum/*", "*.php?t=*"]},
            "session": {"patterns": ["[?&]sid=[0-9a-f]{8}", "^http://old[0-9]+[.]"]},
            "tags": {"paths": ["/tag/*"]},
            "host": {"hosts": ["three.example"]},
        },
        "allow": ["good.three.example"],
    })  # fmt: skip
    assert reasons(
        urls, "https://one.example/forum/1", "https://a.two.example/x/view.php?t=3", "https://one.example/about/forum/",
        "https://other.example/forum/1", "https://x.example/?sid=0123ABCD", "http://old12.example/", "https://x.de/tag/a",
        "https://x.de/a/tag/a", "https://three.example", "https://good.three.example/tag/x", "https://x.de?tag=3",
    ) == [
        "url.forum", "url.forum", "", "", "url.session", "url.session", "url.tags", "", "url.host", "", "",
    ]  # fmt: skip


def test_one_hard_word_two_soft_words_or_a_subword() -> None:
    urls = Urls(hard_words=("casino",), soft_words=("free", "win", "bonus"), subwords=("xxtube",))
    assert reasons(
        urls, "https://a.de/Casino-online", "https://casinos.de/", "https://free.de/free/FREE", "https://free.de/to_win",
        "https://xx.tu-be.de/", "https://a.de/x?q=bonus+win",
    ) == ["url.hard_words", "", "", "url.soft_words", "url.subwords", "url.soft_words"]  # fmt: skip
    assert reasons(urls.model_copy(update={"min_soft_words": 3}), "https://a.de/x?q=bonus+win") == [""]


def test_nothing_to_block_reads_nothing() -> None:
    assert url_columns(pa.array(["https://a.de"]), Urls(), {}) == {}
    assert url_rules(Urls()) == Rules("url", ())


def test_packed_lists_are_the_same_and_changed_ones_are_noticed(tmp_path: Path, lists: Urls) -> None:
    before = url_config(lists)
    moved = tmp_path / "moved"
    moved.mkdir()
    for category in lists.categories:
        (tmp_path / category).rename(moved / category)
    lists = lists.model_copy(update={"lists": (str(moved),)})
    assert url_config(lists) == before  # the place does not matter
    plain = moved / "adult" / "domains"
    packed = gzip.compress(plain.read_bytes())
    plain.unlink()
    plain.with_suffix(".gz").write_bytes(packed)
    assert reasons(lists, "https://bad.example", "https://fine.example") == ["url.adult", ""]
    plain.with_suffix(".gz").write_bytes(gzip.compress(b"fine.example\n"))
    assert url_config(lists) != before
    assert reasons(lists, "https://bad.example", "https://fine.example") == ["url.games", "url.adult"]


def test_a_byte_order_mark_does_not_hide_the_first_entry(tmp_path: Path) -> None:
    write_list(tmp_path, "adult", domains="\ufeffbad.example\nworse.example", expressions="\ufeff^http://sex")
    found = reasons(
        Urls(lists=(str(tmp_path),), categories=("adult",)), "http://bad.example/", "http://worse.example/", "http://sex.x"
    )
    assert found == ["url.adult"] * 3


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(UrlListError, match=r"no list 'adult' in .*domains, urls, expressions"):
        url_config(Urls(lists=(str(tmp_path),), categories=("adult",)))
    write_list(tmp_path, "adult", expressions="fine\n(unbalanced\n")
    urls = Urls(lists=(str(tmp_path),), categories=("adult",))
    with pytest.raises(UrlListError, match=r"adult/expressions: '\(unbalanced' is no regular expression"):
        UrlMatcher(urls)
    for content in (b"no gzip", gzip.compress(b"bad.example/x")[:10] + b"\xff" * 9):
        (tmp_path / "adult" / "urls.gz").write_bytes(content)
        with pytest.raises(UrlListError, match=r"adult/urls\.gz: cannot read"):
            UrlMatcher(urls)
    for wrong, message in (
        ({"categories": ["adult"]}, "lists and categories belong together"),
        ({"rules": {"hard_words": {"hosts": ["a.de"]}}}, "names of their own"),
        ({"rules": {"x": {}}}, "give hosts, paths or patterns"),
        ({"rules": {"x": {"hosts": ["a.de, b.de"]}}}, "one host an entry, unlike 'a.de, b.de'"),
        ({"allow": ["a.de b.de"]}, "one host an entry, unlike 'a.de b.de'"),
        ({"soft_words": ["two words"]}, "letters a to z and digits"),
    ):
        with pytest.raises(ValidationError, match=message):
            Urls.model_validate(wrong)


LABEL = st.text("ab-1", min_size=1, max_size=3)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@settings(deadline=None)  # the first call may compile
@given(hosts=st.lists(HOST, max_size=6), listed=st.lists(HOST, min_size=1, max_size=6))
def test_a_host_is_blocked_if_it_or_a_parent_is_listed(hosts: list[str], listed: list[str]) -> None:
    urls = Urls.model_validate({"rules": {"x": {"hosts": listed}}})
    expected = [
        "url.x" if any(host == parent or host.endswith("." + parent) for parent in listed) else "" for host in hosts
    ]
    assert reasons(urls, *(f"http://{host}/path" for host in hosts)) == expected


def test_a_made_list_over_the_hosts_of_real_crawls(shared_data: Path, tmp_path: Path) -> None:
    """Every host of the annotated pages is put into one of four categories by its name; a fifth stays free."""
    with (shared_data / "html-gt" / "trafilatura-eval" / "pages.tsv").open(encoding="utf-8") as file:
        addresses = [row["url"] for row in csv.DictReader(file, delimiter="\t") if "://" in row["url"]]
    hosts = sorted({urlsplit(address).hostname or "" for address in addresses})
    categories = ("one", "two", "three", "four", "free")
    of_host = {host: categories[place % 5] for place, host in enumerate(hosts)}
    for category in categories[:4]:
        write_list(tmp_path, category, domains="\n".join(host for host in hosts if of_host[host] == category))
    urls = Urls(lists=(str(tmp_path),), categories=categories[:4])
    found = reasons(urls, *addresses)

    def expected(address: str) -> str:
        labels = (urlsplit(address).hostname or "").split(".")
        parents = [".".join(labels[place:]) for place in range(len(labels))]
        of_parents = {of_host.get(parent) for parent in parents}
        return next((f"url.{category}" for category in categories[:4] if category in of_parents), "")

    assert Counter(found) == Counter(map(expected, addresses))
    assert found == [expected(address) for address in addresses]
    assert min(Counter(found).values()) > 100
