"""Finding archives on disk, on the web and in S3, and refusing what is not there before any work starts."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.core import fingerprints
from data_platform.ingest.settings import CrawlSource, FilesSource, Ingest
from data_platform.ingest.sources import Archive, SourceError, list_matches, open_archive, resolve
from data_platform.lake.files import files_state
from tests.ingest.archives import arc, ingest_snapshot, members, page, response

WARC = members([page(1), page(2)])
ARC = arc(response(b"<p>old</p>"))


def crawl(*paths: object) -> CrawlSource:
    return CrawlSource(name="web", snapshot="s", paths=tuple(map(str, paths)))


def files(*paths: object, **settings: object) -> FilesSource:
    return FilesSource(kind="files", name="rows", snapshot="s", paths=tuple(map(str, paths)), **settings)


def put(folder: Path, **contents: bytes) -> None:
    """Write files; '__' in a name stands for '.', '_in_' for a slash."""
    for name, data in contents.items():
        path = folder / name.replace("_in_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def shown(archives: list[Archive]) -> list[tuple[str, str]]:
    return [(archive.name, archive.format) for archive in archives]


def test_folders_globs_and_files(tmp_path: Path) -> None:
    put(tmp_path, x_in_a__warc__gz=WARC, x_in_y_in_b__arc=ARC, x_in_c__warc__gz__bad=WARC, x_in_notes__txt=b"words",
        x_in_e__cdx=b"", x_in___hidden__warc=WARC, z_in_d__warc__wet__gz=WARC)
    folder = [("a.warc.gz", "warc"), ("c.warc.gz.bad", "warc"), ("y/b.arc", "arc")]
    assert shown(resolve(crawl(tmp_path / "x"))) == folder
    assert shown(resolve(crawl(f"{tmp_path}/x/"))) == folder
    assert shown(resolve(crawl(f"file://{tmp_path}/x"))) == folder
    assert shown(resolve(crawl(tmp_path))) == [(f"x/{name}", kind) for name, kind in folder] + [
        ("z/d.warc.wet.gz", "warc")
    ]
    assert shown(resolve(crawl(tmp_path / "*" / "*.gz"))) == [("x/a.warc.gz", "warc"), ("z/d.warc.wet.gz", "warc")]
    assert shown(resolve(crawl(tmp_path / "**" / "*.arc"))) == [("x/y/b.arc", "arc")]
    assert shown(resolve(crawl(tmp_path / "x" / "y*"))) == [("y/b.arc", "arc")]
    assert shown(resolve(crawl(tmp_path / "x" / "a.warc.gz"))) == [("a.warc.gz", "warc")]
    # A file that two patterns match is one archive.
    assert len(resolve(crawl(tmp_path / "x" / "a.warc.gz", tmp_path / "x" / "a*", tmp_path / "x" / "y"))) == 2


def test_what_an_archive_says_of_itself(tmp_path: Path) -> None:
    put(tmp_path, a__warc__gz=WARC)
    (archive,) = resolve(crawl(tmp_path))
    digest = hashlib.sha256(WARC).hexdigest()
    assert archive == Archive("web", "a.warc.gz", f"{tmp_path}/a.warc.gz", len(WARC), f"sha256:{digest}", "warc")
    with open_archive(archive) as raw:
        assert raw.read() == WARC


def test_content_decides_where_the_suffix_is_wrong(tmp_path: Path) -> None:
    put(tmp_path, a__warc=ARC, b__warc__gz=gzip.compress(ARC), c__arc__gz=WARC, d__dat=b"\r\n" + page(1),
        damaged__warc__gz=b"\x1f\x8b\x08" + bytes(50))
    assert shown(resolve(crawl(tmp_path))) == [
        ("a.warc", "arc"), ("b.warc.gz", "arc"), ("c.arc.gz", "warc"), ("d.dat", "warc"), ("damaged.warc.gz", "warc"),
    ]


def test_relative_paths_homes_and_names_with_wildcard_characters(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path, x_in_a__warc__gz=WARC)
    (tmp_path / "x" / "b[1]?.warc.gz").write_bytes(WARC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = resolve(crawl(tmp_path / "x"))
    assert resolve(crawl("x")) == resolve(crawl("./x")) == resolve(crawl("~/x")) == expected
    assert shown(resolve(crawl("x/b[1]?.warc.gz"))) == [("b[1]?.warc.gz", "warc")]


def test_links_in_circles_end(tmp_path: Path) -> None:
    put(tmp_path, x_in_a__warc__gz=WARC)
    (tmp_path / "x" / "loop").symlink_to(tmp_path / "x")
    assert shown(resolve(crawl(tmp_path / "x"))) == [("a.warc.gz", "warc")]


def test_a_link_to_nothing_is_a_file_that_cannot_be_read_and_stops_no_other(tmp_path: Path) -> None:
    put(tmp_path, x_in_a__py=b"one = 1\n", x_in_b__jsonl=b'{"text": "two"}\n')
    (tmp_path / "x" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "x" / "self.jsonl").symlink_to(tmp_path / "x" / "self.jsonl")
    (tmp_path / "x" / "fine.py").symlink_to(tmp_path / "x" / "a.py")
    for source in (files(tmp_path / "x"), files(tmp_path / "x" / "*")):
        archives = resolve(source)
        assert shown(archives) == [
            ("a.py", "file"), ("b.jsonl", "jsonl"), ("fine.py", "file"), ("gone.py", "link"), ("self.jsonl", "link")]
        read = ingest_snapshot(archives, {source.name: source}, "s", Ingest())
        rejected = [row for name, batch in read if name == "rejections" for row in batch.to_pylist()]
        assert [(row["archive"], row["reason"]) for row in rejected] == [
            ("gone.py", "link_to_nothing"), ("self.jsonl", "link_to_nothing")]
    assert [one.fingerprint for one in archives][3] == f"link:{tmp_path}/nowhere.py"
    assert "does not exist" in refusal(files(tmp_path / "x" / "gone.py"))


# -- refusals


def refusal(source: CrawlSource | FilesSource) -> str:
    with pytest.raises(SourceError) as caught:
        resolve(source)
    message = str(caught.value)
    assert message.startswith(f"source {source.name}: ")
    return message


def test_sources_that_are_not_there_are_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path, empty__warc__gz=b"", notes__txt=b"words", x_in_a__warc=page(1), y_in_a__warc=page(1))
    (tmp_path / "nothing").mkdir()
    for path, says in (
        ("gone.warc.gz", "{}/gone.warc.gz does not exist"), ("gone/", "{}/gone does not exist"),
        ("*.arc", "no WARC, ARC or WET archive at {}/*.arc"), ("nothing", "no WARC, ARC or WET archive at {}/nothing"),
        ("empty.warc.gz", "{}/empty.warc.gz is empty"), ("em*", "{}/empty.warc.gz is empty"),
        ("notes.txt", "{}/notes.txt is neither WARC nor ARC"), ("n*.txt", "{}/notes.txt is neither WARC nor ARC"),
    ):
        assert says.format(tmp_path) in refusal(crawl(tmp_path / path))
    message = refusal(crawl(tmp_path / "x" / "a.warc", tmp_path / "y" / "a.warc"))
    assert "'a.warc'" in message and f"{tmp_path}/x/a.warc" in message and f"{tmp_path}/y/a.warc" in message
    assert "no file to read" in refusal(files(tmp_path / "nothing"))
    assert "is no regular file" in refusal(files("/dev/null"))


def test_unreadable_files_are_refused(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path, a__warc=page(1), locked_in_b__warc=page(1))
    if os.geteuid():
        (tmp_path / "a.warc").chmod(0)
    else:  # root may read everything: let the disk say what it would say to others

        def refuse(path, *args):
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr("builtins.open", refuse)
    assert f"no permission to read {tmp_path}/a.warc" in refusal(crawl(tmp_path / "a.warc"))


def test_archives_that_vanish_later_are_named(tmp_path: Path) -> None:
    put(tmp_path, a__warc=page(1))
    source = crawl(tmp_path)
    archives = resolve(source)
    (tmp_path / "a.warc").unlink()
    with pytest.raises(SourceError, match=r"source web: .*a\.warc does not exist"):
        list(ingest_snapshot(archives, {"web": source}, "s", Ingest()))


# -- files


def parquet(**columns: list) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(("name", "text", "format_"), [
    ("package.json", b'{"name": "x", "license": "GPL-3.0-only"}', "file"),
    ("other.json", b'{"name": "x", "license": "GPL-3.0-only"}', "file"), ("other.json", b'{"text": "a"}', "jsonl"),
    ("other.json", b'{"a": 1}\n{"b": 2}\n', "jsonl"), ("other.json", b'{\n"text": "a"\n}', "file"),
    ("codemeta.json", b'{"license": "MIT"}\n\n', "file"), ("other.json", b'[{"text": "a"}]', "file"),
    ("other.json", b"", "file"),
])
def test_json_in_folders_is_rows_only_if_it_looks_like_rows(
    tmp_path: Path, name: str, text: bytes, format_: str
) -> None:
    (tmp_path / name).write_bytes(text)
    assert shown(resolve(files(tmp_path))) == [(name, format_)]


def test_folders_of_files(tmp_path: Path) -> None:
    row = b'{"text": "a"}\n'
    put(tmp_path, a__jsonl=row, b__jsonl__gz=gzip.compress(row), c__ndjson__zst=row, d__json__gz=row,
        e__parquet=parquet(text=["a"]), package__json=b'{\n "name": "x"\n}', rows__json=row, src_in_main__py=b"print()",
        src_in_empty__py=b"", Makefile=b"all:", logo__png=b"\x89PNG\0", __git_in_config=b"secret")
    assert shown(resolve(files(tmp_path))) == [
        ("Makefile", "file"), ("a.jsonl", "jsonl"), ("b.jsonl.gz", "jsonl"), ("c.ndjson.zst", "jsonl"),
        ("d.json.gz", "jsonl"), ("e.parquet", "parquet"), ("logo.png", "file"), ("package.json", "file"),
        ("rows.json", "jsonl"), ("src/empty.py", "file"), ("src/main.py", "file"),
    ]
    only = resolve(files(tmp_path, include=("*.py", "Make*")))
    assert [archive.name for archive in only] == ["Makefile", "src/empty.py", "src/main.py"]
    assert [archive.name for archive in resolve(files(tmp_path, include=("src/m*",)))] == ["src/main.py"]
    assert shown(resolve(files(tmp_path / "package.json"))) == [("package.json", "file")]
    assert "no file to read" in refusal(files(tmp_path, include=("*.rs",)))


def test_tables_without_their_text_are_refused(tmp_path: Path) -> None:
    put(tmp_path, a__parquet=parquet(body=["a"], n=[1]), b__parquet=parquet(text=["a"])[:-9], c__jsonl=b"")
    assert "no column text; set text_field to one of body, n" in refusal(files(tmp_path / "a.parquet"))
    assert resolve(files(tmp_path / "a.parquet", text_field="body"))
    assert "is no Parquet file or was cut short" in refusal(files(tmp_path / "b.parquet"))
    assert "is empty" in refusal(files(tmp_path / "c.jsonl"))


# -- fingerprints


def test_files_are_read_once_for_their_fingerprint(tmp_path: Path, home: Path, monkeypatch) -> None:
    put(tmp_path, a__warc=page(1), b__warc=page(2))
    hashed = []
    genuine = fingerprints.sha256_of
    monkeypatch.setattr(fingerprints, "sha256_of", lambda raw: hashed.append(raw.name) or genuine(raw))
    first = resolve(crawl(tmp_path / "*.warc"))
    assert len(hashed) == 2 and len({archive.fingerprint for archive in first}) == 2
    assert resolve(crawl(tmp_path / "*.warc")) == first
    assert len(hashed) == 2
    put(tmp_path, b__warc=page(3))
    assert resolve(crawl(tmp_path / "*.warc"))[1].fingerprint != first[1].fingerprint
    assert hashed[2:] == [f"{tmp_path}/b.warc"]
    for damage in ("", "[]", "{", json.dumps({f"{tmp_path}/a.warc": "x"})):
        (home / fingerprints.FILE_NAME).write_text(damage)
        assert resolve(crawl(tmp_path / "*.warc"))[0] == first[0]


def test_a_file_of_other_bytes_of_the_same_size_and_time_is_another(tmp_path: Path, home: Path) -> None:
    """As `rsync -t` and `tar` leave it: neither size nor time of writing tell, the time of change does."""
    put(tmp_path, a__warc=page(1))
    path = tmp_path / "a.warc"
    before, content, labels = resolve(crawl(path)), path.read_bytes(), files_state([str(path)])
    written = path.stat()
    path.write_bytes(content.replace(b"1", b"2"))
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert path.stat().st_size == written.st_size and path.stat().st_mtime_ns == written.st_mtime_ns
    assert resolve(crawl(path))[0].fingerprint != before[0].fingerprint and files_state([str(path)]) != labels
    path.write_bytes(content)
    assert resolve(crawl(path)) == before and files_state([str(path)]) == labels, "and bytes are all that counts"


# -- matches for snapshots


def test_list_matches(tmp_path: Path) -> None:
    put(tmp_path, a_in_x__warc=page(1), b_in_y__warc=page(1))
    assert list_matches(f"{tmp_path}/*") == [f"{tmp_path}/a", f"{tmp_path}/b"]
    assert list_matches(f"{tmp_path}/*/") == [f"{tmp_path}/a", f"{tmp_path}/b"]
    assert list_matches(f"{tmp_path}/*/*.warc") == [f"{tmp_path}/a/x.warc", f"{tmp_path}/b/y.warc"]
    assert list_matches(f"{tmp_path}/c*") == list_matches(f"{tmp_path}/gone/*") == []
    assert list_matches(f"{tmp_path}/a") == [f"{tmp_path}/a"]


# -- the web


class _Ranges(SimpleHTTPRequestHandler):
    """Serves parts of files and an etag, as real servers do."""

    def do_GET(self) -> None:
        path, wanted = Path(self.translate_path(self.path)), self.headers.get("Range")
        if path.is_dir() or not path.exists() or not wanted:
            super().do_GET()
            return
        data = path.read_bytes()
        begin, _, end = wanted.removeprefix("bytes=").partition("-")
        part = data[int(begin):int(end or len(data)) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{int(begin) + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def end_headers(self) -> None:
        self.send_header("ETag", '"version-1"')
        if self.path.endswith(".gz"):  # as many servers have it; the file must come as it is all the same
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Whole(SimpleHTTPRequestHandler):
    """Serves only whole files."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=[_Ranges, _Whole])
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    put(tmp_path, w_in_a__warc__gz=WARC, w_in_b__arc=ARC, w_in_rows__jsonl=b'{"text": "a"}\n')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(request.param, directory=str(tmp_path)))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def captured(source: CrawlSource | FilesSource) -> tuple[list[Archive], int]:
    archives = resolve(source)
    batches = list(ingest_snapshot(archives, {source.name: source}, "s", Ingest()))
    return archives, sum(batch.num_rows for name, batch in batches if name == "raw_crawls")


def test_the_web(web: str) -> None:
    (archive,), count = captured(crawl(f"{web}/w/a.warc.gz"))
    assert (archive.name, archive.uri, archive.format, count) == ("a.warc.gz", f"{web}/w/a.warc.gz", "warc", 2)
    assert archive.fingerprint.startswith("etag:")
    again = resolve(crawl(f"{web}/w/a.warc.gz"))
    assert again == [archive]
    archives, count = captured(crawl(f"{web}/w/a.warc.gz?token=1", f"{web}/w/b.arc"))
    assert (shown(archives), count) == ([("a.warc.gz", "warc"), ("b.arc", "arc")], 3)
    assert captured(files(f"{web}/w/rows.jsonl"))[1] == 1
    for listed in (f"{web}/w/", f"{web}/w/*arc*"):
        archives, count = captured(crawl(listed))
        assert (shown(archives), count) == ([("a.warc.gz", "warc"), ("b.arc", "arc")], 3)
        assert archives[0] == archive
    message = refusal(crawl(f"{web}/w/gone.warc.gz"))
    assert "gone.warc.gz does not exist" in message and "404" in message
    assert "neither WARC nor ARC" in refusal(crawl(f"{web}/w/rows.jsonl"))


def test_a_server_that_is_down(web: str) -> None:
    assert "127.0.0.1:9/a.warc.gz" in refusal(crawl("http://127.0.0.1:9/a.warc.gz"))
    assert "nope://x/a.warc" in refusal(crawl("nope://x/a.warc"))


# -- S3


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="crawls")
    for key, data in {
        "2024/a.warc.gz": WARC, "2024/deep/b.arc": ARC, "2024/readme.txt": b"words", "2025/c.warc.gz": WARC,
        "rows/x.jsonl.gz": gzip.compress(b'{"text": "a"}\n'), "rows/y.parquet": parquet(text=["a", "b"]),
        "empty/z.warc.gz": b"",
    }.items():
        client.put_object(Bucket="crawls", Key=key, Body=data)
    yield "s3://crawls"
    server.stop()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def test_s3(bucket: str) -> None:
    archives, count = captured(crawl(f"{bucket}/2024"))
    assert (shown(archives), count) == ([("a.warc.gz", "warc"), ("deep/b.arc", "arc")], 3)
    assert archives[0].uri == "s3://crawls/2024/a.warc.gz"
    assert archives[0].fingerprint == f"etag:{hashlib.md5(WARC).hexdigest()}:{len(WARC)}"
    assert shown(resolve(crawl(f"{bucket}/2024/"))) == shown(archives)
    archives, count = captured(crawl(f"{bucket}/20*/*.warc.gz"))
    assert (shown(archives), count) == ([("2024/a.warc.gz", "warc"), ("2025/c.warc.gz", "warc")], 4)
    assert captured(crawl(f"{bucket}/2024/deep/b.arc"))[1] == 1
    archives, count = captured(files(f"{bucket}/rows"))
    assert (shown(archives), count) == ([("x.jsonl.gz", "jsonl"), ("y.parquet", "parquet")], 3)
    assert list_matches(f"{bucket}/20*") == [f"{bucket}/2024", f"{bucket}/2025"]
    assert list_matches("s3://no-such-bucket/*") == []


def test_s3_refusals(bucket: str) -> None:
    for path in ("gone", "2024/gone.warc.gz"):
        assert f"{bucket}/{path} does not exist" in refusal(crawl(f"{bucket}/{path}"))
    assert "no WARC, ARC or WET archive at s3://crawls/gone/" in refusal(crawl(f"{bucket}/gone/"))
    assert "no WARC, ARC or WET archive" in refusal(crawl(f"{bucket}/gone*"))
    assert "is empty" in refusal(crawl(f"{bucket}/empty"))
    assert "s3://no-such-bucket/x" in refusal(crawl("s3://no-such-bucket/x"))



@pytest.mark.parametrize("pattern", ["*.warc.gz", "*/*.warc.gz", "**/*.warc.gz", "./[2024] #?%20/*.warc.gz"])
def test_signs_of_wildcards_in_folders_that_are_there_mean_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    here = tmp_path / "my [crawls]*"
    put(here, a__warc__gz=WARC)
    (here / "[2024] #?%20").mkdir()
    (here / "[2024] #?%20" / "b.warc.gz").write_bytes(WARC)
    monkeypatch.chdir(here)
    found = {archive.name for archive in resolve(crawl(pattern))}
    expected = {"*.warc.gz": {"a.warc.gz"}, "**/*.warc.gz": {"a.warc.gz", "[2024] #?%20/b.warc.gz"},
                "*/*.warc.gz": {"[2024] #?%20/b.warc.gz"}}
    assert found == expected.get(pattern, {"b.warc.gz"})
    assert {archive.name for archive in resolve(crawl(here / pattern))} == found
