"""An export is what its attestation says: every file that is changed, gone, added or swapped is named, and so is a
signature that does not hold; of a folder that means harm an error in one line is all that comes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from data_platform.cli.main import main
from data_platform.lake import chain
from data_platform.lake.lake import Lake
from data_platform.publish.account import Asked
from data_platform.publish.attestation import write_attestation
from data_platform.publish.check_export import check_export
from data_platform.publish.export import ExportExists, export_mixture
from data_platform.publish.shards import digests_of
from data_platform.publish.signing import PASSPHRASE, encoded, key_id, load_private_key
from data_platform.publish.statement import parse_json
from tests.publish import lakes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FORMATS = {"parquet": "parquet", "jsonl.zst": "jsonl.zst"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lakes.make(str(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def exported(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Exports of several shards in both formats, and one that is signed."""
    root = tmp_path_factory.mktemp("exports")
    folders = {}
    asked = Asked("cards", "ab" * 32)
    for name, format_, key in (("parquet", "parquet", None), ("jsonl.zst", "jsonl.zst", None),
                               ("signed", "parquet", KEY)):
        folders[name], _ = export_mixture(lake, "open", format_, root / name, root, shard_bytes=1, asked=asked, key=key)
    return folders


@pytest.fixture(params=["parquet", "jsonl.zst", "signed"])
def folder(request: pytest.FixtureRequest, exported: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of an export, to be changed."""
    return shutil.copytree(exported[request.param], tmp_path / "copy")


@pytest.fixture
def signed(exported: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(exported["signed"], tmp_path / "signed")


def _write_public(path: Path, key: Ed25519PrivateKey) -> Path:
    path.write_bytes(key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return path


def _command(*arguments: object) -> Result:
    result = CliRunner().invoke(main, ["check-export", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("shard-*"))


def _edit_json(path: Path, change: Callable[[Any], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value, indent=1) + "\n")


def _attest_again(folder: Path) -> None:
    """What somebody does who changes files and is not found out by digests alone: attest them as they are."""
    statement = json.loads((folder / "attestation.json").read_text())
    names = [subject["name"] for subject in statement["subject"]]
    (folder / "attestation.dsse.json").unlink(missing_ok=True)
    said = {**statement["predicate"]}
    said.pop("signed_by"), said.pop("unsigned_because", None)
    write_attestation(folder, names, said)


def _say_of_shards(folder: Path) -> None:
    """Give manifest and attestation the digests of shards as they are."""
    def change(value: Any) -> None:
        for shard in value.get("predicate", value)["shards"]:
            content = (folder / shard["file"]).read_bytes()
            shard |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    for name in ("manifest.json", "attestation.json"):
        _edit_json(folder / name, change)


def test_what_was_exported_is_what_it_says(folder: Path) -> None:
    assert check_export(folder).faults == []
    result = _command(folder)
    assert result.exit_code == 0 and "agree" in result.output, result.output
    assert ("signature not checked" in result.output) == (folder / "attestation.dsse.json").exists()
    assert ("not signed" in result.output) != (folder / "attestation.dsse.json").exists()
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder).returncode == 0


def test_a_statement_of_in_toto_says_what_it_was_made_of(exported: dict[str, Path], lake: Lake) -> None:
    statement = json.loads((exported["parquet"] / "attestation.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    there = {path.name for path in exported["parquet"].iterdir()} - {"attestation.json", "SHA256SUMS"}
    assert {subject["name"] for subject in statement["subject"]} == there
    said = statement["predicate"]
    materials = {one["name"]: one for one in said["resolvedDependencies"]}
    assert materials["archive books/2023/books.warc.gz"]["digest"] == {"sha256": "ab" * 32}
    assert materials["archive code/2024/more.warc.gz"]["annotations"] == {"fingerprint": "etag:1"}
    assert materials["recipe cards"]["digest"] == {"sha256": "ab" * 32}
    assert materials["code data-platform"]["annotations"]["code_version"] == "c0de"
    assert "table deduplicated_documents/2023" in materials
    by_license = {one["license_spdx"]: (one["license_tier"], one["documents"], one["tokens"])
                  for one in said["licenses"]}
    assert by_license["CC-BY-4.0"] == (1, 2, 300)
    assert sum(tokens for *_, tokens in by_license.values()) == said["tokens"]
    links = {name: chain.Link(one["version"], one["link"]) for name, one in said["lake"]["links"].items()}
    assert chain.head_of(links) == said["lake"]["head"] and links["mixture_open"] == chain.ends(lake)["mixture_open"]


@pytest.mark.parametrize("at", [0, 0.37, 0.5, 0.93, 1])
def test_a_flipped_bit_is_named_in_every_file(folder: Path, at: float, tmp_path: Path) -> None:
    for name in sorted(path.name for path in folder.iterdir()):
        content = bytearray((folder / name).read_bytes())
        content[round(at * (len(content) - 1))] ^= 4
        (folder / name).write_bytes(content)
        result = _command(folder)
        assert result.exit_code == 1 and len(result.output) < 10_000, name
        # An unreadable attestation says nothing of others; else the file is named that was changed.
        assert name in result.output or name.startswith(("attestation", "SHA256SUMS")), (name, result.output)
        content[round(at * (len(content) - 1))] ^= 4
        (folder / name).write_bytes(content)
    assert _command(folder).exit_code == 0


def test_a_file_that_is_gone_added_or_swapped_is_named(folder: Path, tmp_path: Path) -> None:
    for name in sorted(path.name for path in folder.iterdir()):
        (folder / name).rename(tmp_path / "away")
        result = _command(folder)
        assert result.exit_code == 1 and name in result.output.replace("\n", ""), name
        (tmp_path / "away").rename(folder / name)
    for name in (".hidden", "more.txt", "shard-00099.parquet", "deeper/README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("more")
        result = _command(folder)
        assert result.exit_code == 1 and f"{name}: not of the export" in result.output
        (folder / name).unlink()
    result = _command(folder)
    assert result.exit_code == 1 and "deeper: a folder with nothing in it" in result.output


def test_shards_that_were_swapped_are_named(tmp_path: Path) -> None:
    lake = lakes.make(str(tmp_path / "lake"))
    for snapshot, number in (("2023", 4), ("2024", 1)):
        source, _, url, title, spdx, tier, credit = lakes.DOCUMENTS[number]
        row = {"doc_id": f"{number:032x}", "snapshot": snapshot, "source": source, "url": url, "title": title,
               "license_spdx": spdx, "license_tier": tier, "attribution": credit, "token_count": 5,
               "license_basis": "link"}
        lakes.write(lake, "datastore_apart", [row], snapshot, (lake.pin("deduplicated_documents", snapshot),))
    folder, _ = export_mixture(lake, "datastore_apart", "parquet", tmp_path / "out", tmp_path, shard_bytes=1)
    first, second = _shards(folder)
    assert check_export(folder).faults == []
    first.rename(tmp_path / "away"), second.rename(first), (tmp_path / "away").rename(second)
    result = _command(folder)
    assert result.exit_code == 1 and first.name in result.output and second.name in result.output


def test_an_attestation_of_another_export_is_no_attestation(exported: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(exported["parquet"], tmp_path / "copy")
    for name in ("attestation.json", "SHA256SUMS"):
        shutil.copy(exported["jsonl.zst"] / name, folder / name)
    result = _command(folder)
    assert result.exit_code == 1 and "shard-00000.jsonl.zst: missing" in result.output
    assert "shard-00000.parquet: not of the export" in result.output


# -- changed, and attested as it is ------------------------------------------------------------------------------------


def _without_credit(folder: Path) -> None:
    lines = (folder / "NOTICE").read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if f"Document {1:032x}" in line)
    (folder / "NOTICE").write_text("".join(lines[:place] + lines[place + 1:]))


def _without_text(folder: Path) -> None:
    notice = (folder / "NOTICE").read_text()
    start = notice.index("[MIT] ")
    rest = notice[start:].replace("Permission is hereby granted", "Permission")
    (folder / "NOTICE").write_text(notice[:start] + rest)


def _credit_under_another_license(folder: Path) -> None:
    notice = (folder / "NOTICE").read_text()
    one, other = f"Document {1:032x}", f"Document {3:032x}"
    (folder / "NOTICE").write_text(notice.replace(one, "@").replace(other, one).replace("@", other))


def _count_otherwise(folder: Path) -> None:
    notice = (folder / "NOTICE").read_text()
    (folder / "NOTICE").write_text(notice.replace("2 documents, 300 tokens, tier 1", "3 documents, 300 tokens, tier 1"))


def _rows(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the rows of the first shard, and let digests and counts of bytes follow."""
    path = _shards(folder)[0]
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        rows = table.to_pylist()
        for row in rows:
            change(row)
        schema = pa.schema([field.with_nullable(True) for field in table.schema])
        pq.write_table(pa.Table.from_pylist(rows, schema), path)
    else:
        with path.open("rb") as stream:
            text = zstandard.ZstdDecompressor().stream_reader(stream).read().decode()
        rows = [json.loads(line) for line in text.splitlines()]
        for row in rows:
            change(row)
        path.write_bytes(zstandard.ZstdCompressor().compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    _say_of_shards(folder)


def _set_row(**values: Any) -> Callable[[Path], None]:
    return lambda folder: _rows(folder, lambda row: row.update(values))


def _set(name: str, *path: Any, to: Any) -> Callable[[Path], None]:
    def change(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to

    return lambda folder: _edit_json(folder / name, change)


ATTESTED = {
    "a credit less": (_without_credit, "1 document under CC-BY-4.0 without a credit, such as " + f"{1:032x}"),
    "a text of a licence less": (_without_text, "the text of MIT is not in it"),
    "credits exchanged": (_credit_under_another_license, "under CC-BY-4.0 without a credit"),
    "counts of the notice": (_count_otherwise, "NOTICE: no section with 2 documents and 300 tokens under CC-BY-4.0"),
    "no notice at all": (lambda folder: (folder / "NOTICE").write_text(""), "NOTICE: empty"),
    "another notice": (lambda folder: (folder / "NOTICE").write_text("nothing"), "NOTICE: no section with 2 documents"),
    "a manifest that is none": (lambda folder: (folder / "manifest.json").write_text("7"), "manifest.json: no object"),
    "rows attested": (_set("attestation.json", "predicate", "rows", to=8), "8 rows, and the shards have 7"),
    "tokens attested": (_set("attestation.json", "predicate", "tokens", to=1), "1 tokens, and the shards have 2,800"),
    "tokens of a licence": (
        _set("attestation.json", "predicate", "licenses", 1, "tokens", to=1), "under CC-BY-4.0 (tier 1) the shards"),
    "tier of a licence": (
        _set("attestation.json", "predicate", "licenses", 1, "license_tier", to=0), "under CC-BY-4.0 (tier 1)"),
    "rows of a shard": (
        _set("attestation.json", "predicate", "shards", 0, "rows", to=2), "and 2 are attested"),
    "a shard less": (
        _set("attestation.json", "predicate", "shards", to=[]), "a shard of which the attestation counts no rows"),
    "manifest, tokens": (_set("manifest.json", "tokens", to=1), "manifest.json: tokens is not as the attestation"),
    "manifest, licences": (
        _set("manifest.json", "tokens_by_license", "MIT", to=1), "manifest.json: tokens by licence"),
    "manifest, version": (_set("manifest.json", "version", to=9), "manifest.json: version"),
    "croissant, digest": (
        _set("croissant.json", "distribution", 0, "sha256", to="0" * 64), "croissant.json: distribution"),
    "croissant, licence": (_set("croissant.json", "license", to=[]), "croissant.json: license"),
    "croissant, counts": (_set("croissant.json", "recordSet", 1, "data", to=[]), "croissant.json: recordSet"),
    "spdx, digest": (
        _set("spdx.json", "files", 0, "checksums", 1, "checksumValue", to="0" * 64), "spdx.json: file ./shard-00000"),
    "spdx, licence": (
        _set("spdx.json", "packages", 0, "licenseConcluded", to="CC0-1.0"), "spdx.json: package mixture_open"),
    "spdx, a source": (
        _set("spdx.json", "packages", 1, "licenseComments", to=""), "spdx.json: package books"),
    "spdx, no packages": (_set("spdx.json", "packages", to=7), "spdx.json: 0 entries of kind package"),
    "a row under a freer licence": (
        _set_row(license_spdx="CC0-1.0", license_tier=0), "under CC0-1.0"),
    "a row in a freer tier": (_set_row(license_tier=0), " in tier 0, and that licence is of tier"),
    "tokens of a row": (_set_row(token_count=1), "tokens, and the shards have"),
    "a row under no licence that is one": (_set_row(license_spdx="Mine"), "such as Mine"),
    "a row without a licence": (_set_row(license_spdx=None), "shard-00000"),
    "another document": (_set_row(doc_id="e" * 32), "without a credit, such as " + "e" * 32),
}


@pytest.mark.parametrize("case", ATTESTED)
@pytest.mark.parametrize("name", ["parquet", "jsonl.zst"])
def test_what_was_changed_and_attested_again_is_named(
    case: str, name: str, exported: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(exported[name], tmp_path / "copy")
    change, said = ATTESTED[case]
    change(folder)
    _attest_again(folder)
    result = _command(folder)
    assert result.exit_code == 1 and said in result.output, result.output


def test_a_shard_that_is_none_is_told_without_its_content(exported: dict[str, Path], tmp_path: Path) -> None:
    for name, content in (("parquet", b"PAR1 secret"), ("jsonl.zst", zstandard.compress(b'{"doc_id": "secret"'))):
        folder = shutil.copytree(exported[name], tmp_path / name)
        _shards(folder)[0].write_bytes(content)
        _say_of_shards(folder)
        _attest_again(folder)
        result = _command(folder)
        assert result.exit_code == 1 and f"{_shards(folder)[0].name} cannot be read" in result.output
        assert "secret" not in result.output


def test_a_shard_of_older_code_is_read_and_one_without_a_licence_is_not(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    # Of one that is read, the cards, which are not of older code, say more than it has.
    for name, said in (
        ("contested", "description is not what the shards give"), ("license_tier", "has no column license_tier"),
    ):
        folder = shutil.copytree(exported["parquet"], tmp_path / name)
        path = _shards(folder)[0]
        pq.write_table(pq.read_table(path).drop_columns([name]), path)
        _say_of_shards(folder)
        _edit_cards(folder)
        _attest_again(folder)
        assert said in _command(folder).output


def _edit_cards(folder: Path) -> None:
    """Let the cards follow a shard that was written anew with the same rows."""
    digests = digests_of(_shards(folder)[0])

    def spdx(value: Any) -> None:
        value["files"][0]["checksums"] = [{"algorithm": "SHA1", "checksumValue": digests.sha1},
                                          {"algorithm": "SHA256", "checksumValue": digests.sha256}]
        code = hashlib.sha1(digests.sha1.encode(), usedforsecurity=False).hexdigest()
        value["packages"][0]["packageVerificationCode"] = {"packageVerificationCodeValue": code}

    _edit_json(folder / "spdx.json", spdx)
    _edit_json(folder / "croissant.json", lambda value: value["distribution"][0].update(
        sha256=digests.sha256, contentSize=f"{digests.bytes} B"))


# -- signatures --------------------------------------------------------------------------------------------------------


def test_a_signature_is_of_the_key_that_was_given(signed: Path, exported: dict[str, Path], tmp_path: Path) -> None:
    public, other = _write_public(tmp_path / "key.pub", KEY), _write_public(tmp_path / "other.pub", OTHER)
    result = _command(signed, "--key", public)
    assert result.exit_code == 0 and f"signed by key {key_id(KEY)}" in result.output
    assert "not checked" not in result.output
    wrong = _command(signed, "--key", other)
    assert wrong.exit_code == 1 and f"signed by key {key_id(KEY)}, and not by the key that was given" in wrong.output
    unsigned = _command(exported["parquet"], "--key", public)
    assert unsigned.exit_code == 1 and "not signed, and a key was given" in unsigned.output


def test_the_envelope_is_one_of_dsse_over_the_statement(signed: Path) -> None:
    document = json.loads((signed / "attestation.dsse.json").read_text())
    payload = base64.b64decode(document["payload"])
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert payload == (signed / "attestation.json").read_bytes()
    # The example of DSSE's protocol.
    assert encoded(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    KEY.public_key().verify(base64.b64decode(document["signatures"][0]["sig"]), b"DSSEv1 28 "
                            b"application/vnd.in-toto+json %d " % len(payload) + payload)


def test_signatures_that_do_not_hold_are_named(signed: Path, tmp_path: Path) -> None:
    public = _write_public(tmp_path / "key.pub", KEY)
    envelope = signed / "attestation.dsse.json"
    content = envelope.read_bytes()

    def told(change: Callable[[dict[str, Any]], None], *more: object) -> str:
        _edit_json(envelope, change)
        result = _command(signed, *more)
        envelope.write_bytes(content)
        assert result.exit_code == 1
        return result.output

    for more in ((), ("--key", public)):
        assert "another statement" in told(lambda one: one.update(payload=base64.b64encode(b"{}").decode()), *more)
        assert "is not of this statement" in told(
            lambda one: one["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()), *more)
        assert "not of type" in told(lambda one: one.update(payloadType="text/plain"), *more)
        assert "no signatures" in told(lambda one: one.update(signatures=[]), *more)
        assert "is not Base64" in told(lambda one: one["signatures"][0].update(sig="%"), *more)
        assert "said to be of another key" in told(lambda one: one["signatures"][0].update(keyid="0" * 64), *more)
    envelope.unlink()
    stripped = _command(signed)
    assert stripped.exit_code == 1 and "the attestation says that key" in stripped.output
    # Taken off together with what names it, nobody can know; whoever asks for the key does.
    _attest_again(signed)
    assert _command(signed).exit_code == 0 and _command(signed, "--key", public).exit_code == 1


def test_a_statement_signed_by_somebody_else_is_not_taken(signed: Path, tmp_path: Path) -> None:
    said = json.loads((signed / "attestation.json").read_text())["predicate"]
    names = [path.name for path in signed.iterdir() if path.name not in (
        "attestation.json", "attestation.dsse.json", "SHA256SUMS")]
    said.pop("signed_by")
    write_attestation(signed, names, said, OTHER)
    assert _command(signed).exit_code == 0
    assert _command(signed, "--key", _write_public(tmp_path / "key.pub", KEY)).exit_code == 1
    # One who names our key and signs with another is found out without it.
    def ours(value: dict[str, Any]) -> None:
        value["predicate"]["signed_by"] = json.loads((signed / "ours.json").read_text())
    lied = {"keyid": key_id(KEY), "public_key": _write_public(tmp_path / "key.pub", KEY).read_text()}
    (signed / "ours.json").write_text(json.dumps(lied))
    _edit_json(signed / "attestation.json", ours)
    (signed / "ours.json").unlink()
    assert "another statement" in _command(signed).output


@pytest.mark.parametrize("passphrase", ["", "böse Worte"])
def test_keys_in_pem_and_openssh_sign(
    passphrase: str, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encryption = (serialization.BestAvailableEncryption(passphrase.encode()) if passphrase
                  else serialization.NoEncryption())
    forms = {"PKCS8": serialization.PrivateFormat.PKCS8}
    if not passphrase:
        forms["OpenSSH"] = serialization.PrivateFormat.OpenSSH
    for name, form in forms.items():
        path = tmp_path / name
        path.write_bytes(KEY.private_bytes(serialization.Encoding.PEM, form, encryption))
        if passphrase:
            with pytest.raises(ValueError, match="the key is encrypted"):
                load_private_key(path)
            monkeypatch.setenv(PASSPHRASE, "wrong")
            with pytest.raises(ValueError, match="not of the passphrase"):
                load_private_key(path)
        monkeypatch.setenv(PASSPHRASE, passphrase or "not needed")
        assert key_id(load_private_key(path)) == key_id(KEY)
        monkeypatch.delenv(PASSPHRASE)
    ssh = tmp_path / "ssh.pub"
    ssh.write_bytes(KEY.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH) + b" somebody@somewhere\n")
    folder, _ = export_mixture(lake, "open", "parquet", tmp_path / "export", tmp_path, key=KEY)
    assert _command(folder, "--key", ssh).exit_code == 0


def test_keys_that_cannot_be_used_are_told(exported: dict[str, Path], tmp_path: Path) -> None:
    def refused(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        result = _command(exported["signed"], "--key", tmp_path / name)
        assert result.exit_code == 1
        return result.output

    pem = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert "not an Ed25519 key" in refused("rsa", generate_private_key(65537, 2048).public_key().public_bytes(*pem))
    private = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    assert "a private key" in refused("private", private)
    assert "no public key" in refused("none", b"nothing") and "too long" in refused("long", b"x" * 100_000)
    assert "cannot be read" in _command(exported["signed"], "--key", tmp_path / "nowhere").output


def test_an_export_that_is_there_is_signed_again_and_not_taken_if_it_was_changed(
    lake: Lake, exported: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(exported["parquet"], tmp_path / "copy")
    before = (folder / "NOTICE").read_bytes()
    export_mixture(lake, "open", "parquet", folder, tmp_path, asked=Asked("cards", "ab" * 32), key=KEY)
    assert _command(folder, "--key", _write_public(tmp_path / "key.pub", KEY)).exit_code == 0
    assert (folder / "NOTICE").read_bytes() == before
    (folder / "NOTICE").write_bytes(before + b"more")
    with pytest.raises(ExportExists, match="not as it was exported: NOTICE"):
        export_mixture(lake, "open", "parquet", folder, tmp_path)


# -- folders that mean harm --------------------------------------------------------------------------------------------


def _deep(folder: Path) -> None:
    (folder / "attestation.json").write_text("[" * 100_000 + "]" * 100_000)


HOSTILE = {
    "out of the folder": (_set("attestation.json", "subject", 0, "name", to="../../etc/passwd"), "not a plain name"),
    "absolute": (_set("attestation.json", "subject", 0, "name", to="/etc/passwd"), "not a plain name"),
    "of another system": (_set("attestation.json", "subject", 0, "name", to="..\\x"), "not a plain name"),
    "not plain": (_set("attestation.json", "subject", 0, "name", to="./NOTICE"), "not a plain name"),
    "with signs of control": (_set("attestation.json", "subject", 0, "name", to="\x1b[2J"), "not a name that can be"),
    "itself": (_set("attestation.json", "subject", 0, "name", to="attestation.json"), "cannot vouch for itself"),
    "twice": (_set("attestation.json", "subject", 0, "name", to="spdx.json"), "more than once: spdx.json"),
    "twice but for case": (_set("attestation.json", "subject", 0, "name", to="SPDX.json"), "more than once"),
    "no digest": (_set("attestation.json", "subject", 0, "digest", to={"md5": "0"}), "sha256: Field required"),
    "no number": (_set("attestation.json", "predicate", "rows", to="7"), "predicate.rows"),
    "negative": (_set("attestation.json", "predicate", "shards", 0, "rows", to=-1), "predicate.shards.0.rows"),
    "a shard elsewhere": (
        _set("attestation.json", "predicate", "shards", 0, "file", to="../shard-00000.parquet"),
        "not the name of a shard"),
    "another type": (_set("attestation.json", "_type", to="https://in-toto.io/Statement/v0.1"), "_type"),
    "another predicate": (
        _set("attestation.json", "predicateType", to="https://slsa.dev/provenance/v1"), "predicateType"),
    "another table": (_set("attestation.json", "predicate", "table", to="nothing"), "does not know"),
    "no object": (lambda folder: (folder / "attestation.json").write_text("[]"), "attestation.json: the whole"),
    "no JSON": (lambda folder: (folder / "attestation.json").write_bytes(b"\xff{"), "no JSON"),
    "nested without end": (_deep, "no JSON"),
    "a key twice": (
        lambda folder: (folder / "attestation.json").write_text('{"_type": 1, "_type": 2}'),
        "no JSON whose keys stand"),
    "no folder for it": (lambda folder: shutil.rmtree(folder), "no folder"),
    "a link": (
        lambda folder: ((folder / "NOTICE").unlink(), (folder / "NOTICE").symlink_to("/etc/hosts")), "NOTICE: a link"),
    "a link to a folder": (lambda folder: (folder / "more").symlink_to("/"), "more: a link"),
    "a pipe": (lambda folder: os.mkfifo(folder / "pipe"), "pipe: neither file nor folder"),
    "a card that is none": (lambda folder: (folder / "croissant.json").write_text("[]"), "croissant.json"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_folder_that_means_harm_is_told_in_words(case: str, exported: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(exported["parquet"], tmp_path / "copy")
    change, said = HOSTILE[case]
    change(folder)
    result = _command(folder)
    assert result.exit_code == 1 and said in result.output, result.output
    assert "\x1b[2J" not in result.output and "root:" not in result.output and len(result.output) < 20_000


def test_a_folder_without_an_attestation_is_no_export(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        result = _command(path)
        assert result.exit_code == 1 and "Error: " in result.output


def test_json_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from data_platform.publish import statement

    monkeypatch.setattr(statement, "LONGEST", 100)
    (tmp_path / "attestation.json").write_text(json.dumps("x" * 1_000))
    assert "more than 100 bytes" in _command(tmp_path).output
    with pytest.raises(statement.Unreadable):
        parse_json("a", b"NaN")
