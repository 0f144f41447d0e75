"""Places where files lie: local folders, S3 and web servers, behind one protocol of finding, opening and comparing.

Not here: what kind of archive a file is (`sources.py`).
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from data_platform.core.errors import PlainError
from data_platform.core.fingerprints import Fingerprints, sha256_of
from data_platform.ingest.evidence_files import is_hidden_evidence, may_hide

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

REMOTE_BLOCK_BYTES = 8 * 2**20


class SourceError(PlainError, ValueError):
    """A source that is missing or cannot be read. The message names source and path, and says what to do."""


@dataclass(frozen=True)
class Found:
    """A file that a path led to.

    Attributes:
        uri: absolute path or URL.
        name: relative to the part of the path without wildcards; the file's own name if the path is that file.
        size: bytes; -1 if the server does not say.
        validator: what the store says of the version (etag, else date); empty for local files.
        walked: whether it was found in a folder, not named or matched itself.
        leads_to: of a link to nothing, where it leads; empty for all files that are there.
    """

    uri: str
    name: str
    size: int
    validator: str
    walked: bool
    leads_to: str = ""


class Place(Protocol):
    """A path of a source, with or without wildcards."""

    remote: bool

    def errors(self) -> AbstractContextManager[None]:
        """A context in which faults of the disk or network become `SourceError`."""

    def matches(self) -> list[str]:
        """Files and folders that the path matches."""

    def find(self) -> Iterator[Found]:
        """Files that the path names or matches, and all files in the folders that it names or matches."""

    def open(self, uri: str) -> BinaryIO:
        """Open one of them, seekable."""

    def fingerprint(self, file: Found, fingerprints: Fingerprints) -> str:
        """What changes when the file does."""


def place_of(source: str, path: str) -> Place:
    """The place that a path of a source (for messages; may be empty) names."""
    scheme, separator, rest = path.partition("://")
    if not separator or scheme == "file":
        return _Local(source, rest if separator else path)
    return _Remote(source, path)


def _fixed_prefix(above: str, path: str) -> str:
    """The folders of a path, below folders `above`, before the first part with a wildcard; with a slash at the end."""
    head = re.split(r"[*?\[]", path, maxsplit=1)[0]
    return above + head[: head.rfind("/") + 1]


def _relative(path: str, folder: str) -> str:
    return path[len(folder):].lstrip("/") if path.startswith(folder) else path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class _Local:
    source: str
    path: str
    remote = False

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise SourceError(f"{self._who}{error.filename} does not exist; correct the path") from error
        except PermissionError as error:
            raise SourceError(f"{self._who}no permission to read {error.filename}; grant it to this user") from error
        except OSError as error:
            raise SourceError(f"{self._who}cannot read {error.filename or self.path}: {error.strerror}") from error

    @property
    def _who(self) -> str:
        return f"source {self.source}: " if self.source else ""

    @property
    def _full(self) -> str:
        return os.path.abspath(os.path.expanduser(self.path))

    @property
    def _parts(self) -> tuple[str, str]:
        """The folder that is there, called by the first parts of the path as they are written, whatever signs these
        hold; and the rest, in which wildcards are meant."""
        folder, rest = "/", self._full.strip("/").split("/")
        while len(rest) > 1 and os.path.isdir(below := os.path.join(folder, rest[0])):
            folder = below
            del rest[0]
        return folder, "/".join(rest)

    def matches(self) -> list[str]:
        if os.path.lexists(self._full):
            return [self._full]
        folder, rest = self._parts
        if not glob.has_magic(rest):
            return []
        return [match.rstrip("/") for match in glob.glob(os.path.join(glob.escape(folder), rest), recursive=True)]

    def find(self) -> Iterator[Found]:
        above, rest = self._parts
        literal = os.path.lexists(self._full) or not glob.has_magic(rest)
        if literal and not os.path.isdir(self._full):
            yield self._found(self._full, os.path.basename(self._full), walked=False)
            return
        folder = self._full if literal else _fixed_prefix(f"{above.rstrip('/')}/", rest)
        seen = set()
        for match in [self._full] if literal else self.matches():
            files = self._walk(match) if os.path.isdir(match) else [match]
            for file in files:
                if file not in seen:
                    seen.add(file)
                    yield self._found(file, _relative(file, folder).replace(os.sep, "/"), walked=file != match)

    def _found(self, path: str, name: str, walked: bool) -> Found:
        try:
            status = os.stat(path)
        except OSError as error:
            # A link to nothing, or to itself, is one file that cannot be read, and stops no other, unless it was named.
            nowhere = os.path.islink(path) and error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)
            if path == self._full or not nowhere:
                raise
            return Found(path, name, 0, "", walked, os.readlink(path))
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{self._who}{path} is no regular file; take it out of the path")
        return Found(path, name, status.st_size, "", walked)

    def _walk(self, folder: str) -> Iterator[str]:
        visited = {os.path.realpath(folder)}
        for here, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
            below = {name: os.path.realpath(os.path.join(here, name)) for name in sorted(folders)
                     if name[0] != "." or may_hide(name)}
            folders[:] = [name for name, real in below.items() if real not in visited]  # links may lead in circles
            visited.update(below.values())
            yield from (path for path in (os.path.join(here, name) for name in sorted(files))
                        if _is_read(os.path.relpath(path, folder).replace(os.sep, "/")))

    def open(self, uri: str) -> BinaryIO:
        return open(uri, "rb")

    def fingerprint(self, file: Found, fingerprints: Fingerprints) -> str:
        return fingerprints.of(file.uri)


def _is_read(path: str) -> bool:
    """Whether a file of a folder is read: all that are not hidden, and of those that are, what speaks of others."""
    return not any(part.startswith(".") for part in path.split("/")) or is_hidden_evidence(path)


def _raise(error: OSError) -> None:
    raise error


@dataclass(frozen=True)
class _Remote:
    source: str
    path: str
    remote = True

    @property
    def _system(self) -> AbstractFileSystem:
        import fsspec

        scheme = self.path.partition("://")[0]
        options: dict[str, Any] = {"use_listings_cache": False}
        if scheme in ("http", "https"):
            # The client must not undo gzip behind our back: offsets are those of the file.
            options["client_kwargs"] = {"auto_decompress": False, "headers": {"Accept-Encoding": "identity"}}
        return fsspec.filesystem(scheme, **options)

    @contextmanager
    def errors(self) -> Iterator[None]:
        import aiohttp
        from botocore.exceptions import BotoCoreError

        who = f"source {self.source}: " if self.source else ""
        try:
            yield
        except SourceError:
            raise
        except FileNotFoundError as error:
            cause = f" ({error.__cause__})" if error.__cause__ else ""
            raise SourceError(f"{who}{self.path} does not exist{cause}; correct the URL") from error
        except PermissionError as error:
            raise SourceError(
                f"{who}no permission to read {self.path}; set credentials in the environment"
            ) from error
        except (OSError, BotoCoreError, aiohttp.ClientError) as error:
            raise SourceError(f"{who}cannot reach {self.path}: {error}") from error
        except ValueError as error:  # fsspec's answer to schemes that it does not know
            raise SourceError(f"{who}cannot read {self.path}: {error}") from error

    @property
    def _has_wildcard(self) -> bool:
        # '?' begins the query of a web address.
        return bool(re.search(r"[*\[]" if self.path.startswith("http") else r"[*?\[]", self.path))

    def _url(self, path: str) -> str:
        return path if "://" in path else f"{self.path.partition('://')[0]}://{path}"

    def matches(self) -> list[str]:
        system = self._system
        if self._has_wildcard:
            try:
                return [self._url(path).rstrip("/") for path in system.glob(self.path)]
            except FileNotFoundError:
                return []
        return [self.path.rstrip("/")] if system.exists(self.path) else []

    def find(self) -> Iterator[Found]:
        system = self._system
        if self._has_wildcard:
            folder, matches = _fixed_prefix("", self.path), system.glob(self.path, detail=True)
            seen = set()
            for path, info in sorted(matches.items()):
                below = system.find(path, detail=True) if info["type"] == "directory" else {path: info}
                for file, about in below.items():
                    if file not in seen:
                        seen.add(file)
                        yield self._found(file, about, folder, walked=file != path)
            return
        is_folder = self.path.endswith("/") or (not self.path.startswith("http") and system.isdir(self.path))
        if not is_folder:
            name = self.path.partition("?")[0] if self.path.startswith("http") else self.path
            yield self._found(self.path, system.info(self.path), name.rsplit("/", 1)[0] + "/", walked=False)
            return
        folder = self.path.rstrip("/") + "/"
        for file, about in system.find(self.path, detail=True).items():
            if _is_read(_relative(self._url(file), folder)):
                yield self._found(file, about, folder, walked=True)

    def _found(self, path: str, about: dict[str, Any], folder: str, walked: bool) -> Found:
        url = self._url(path)
        if about.get("size") is None or self.path.startswith("http"):
            about = self._system.info(url)  # listings of web servers know nothing of size and version
        size = about.get("size")
        validator = str(about.get("ETag") or about.get("etag") or about.get("Last-Modified")
                        or about.get("LastModified") or "").strip('"')
        name = _relative(url.partition("?")[0] if self.path.startswith("http") else url, folder)
        return Found(url, name, -1 if size is None else int(size), validator, walked)

    def open(self, uri: str) -> BinaryIO:
        system = self._system
        if not uri.startswith("http"):
            return system.open(uri, "rb", block_size=REMOTE_BLOCK_BYTES, cache_type="readahead")
        if self._serves_parts(system, uri):
            return system.open(uri, "rb", block_size=REMOTE_BLOCK_BYTES, cache_type="readahead")
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        with system.open(uri, "rb", block_size=0) as stream:
            while data := stream.read(REMOTE_BLOCK_BYTES):
                copy.write(data)
        copy.seek(0)
        return copy

    @staticmethod
    def _serves_parts(system: AbstractFileSystem, uri: str) -> bool:
        with system.open(uri, "rb", block_size=2, cache_type="none") as file:
            if not file.seekable():
                return False
            try:
                file.seek(1)
                file.read(1)
            except ValueError:  # fsspec's way to say that the server answered with the whole file
                return False
        return True

    def fingerprint(self, file: Found, fingerprints: Fingerprints) -> str:
        if file.validator:
            return f"etag:{file.validator}:{file.size}"
        with self.open(file.uri) as raw:  # a server that says nothing of versions: only the bytes can tell
            return sha256_of(raw)
