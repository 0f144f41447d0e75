"""Captures of one page, by the canonical form of its URL."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import ID_HEX, Column
from data_platform.core.kinds.method import Example
from data_platform.core.kinds.pairer import CopyPairer, Keys
from data_platform.methods.duplicates.exact import hash_keys
from data_platform.text.buffers import text_buffers
from data_platform.text.identity import hexadecimal

TRACKING = ("utm_[a-z_]+", "gclid", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "igshid", "mc_cid",
            "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi")
"""Names of parameters that identify the click: those of Urchin and Google Analytics (utm_*), of advertising networks,
of MailChimp (mc_*) and of HubSpot (_hs*)."""
SESSION = ("jsessionid", "phpsessid", "aspsessionid[a-z]*", "cfid", "cftoken")
"""Names of parameters that identify the visit; those that Heritrix strips, without "sid", which is an article's too."""

_PARTS = (
    r"^(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?//(?:[^/?#@]*@)?(?P<host>[^/?#:\[]*|\[[^/?#\]]*\])(?::(?P<port>[0-9]*))?"
    r"(?P<path>(?:/[^?#]*)?)(?:\?(?P<query>[^#]*))?(?:#(?s:.*))?$"
)
_PLAIN = r"^https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$"
"""URLs of which nothing but scheme, "www." and a slash at the end has to go: most of those of a crawl."""
_DROPPED = "(?i)^(?:" + "|".join((*TRACKING, *SESSION)) + ")(?:=.*)?$"
_WEB = pa.array(["http", "https"])


class UrlCopies(CopyPairer, name="url"):
    """Captures of one page, by the canonical form of its URL.

    Here belongs what "the same URL" means. Not here: block lists of URLs (`filtering/url_lists.py`), and what is done
    with equal hashes (`duplicates/candidates.py`).

    The form is that of RFC 3986, section 6 (case of host and escapes, unreserved characters, dot segments, default
    ports), and what web archives add to it to find captures of one page under many spellings (the SURT keys of the
    Internet Archive's Heritrix and Wayback Machine): no scheme, no user, no "www.", no fragment, no session identifier,
    parameters in order. Parameters that only say where a visitor came from go as well, they are in `TRACKING`.
    """

    reads = "url"
    gives = (
        Column("url_hash", pa.string(), "128-bit hash of the canonical URL; null without a host.", pattern=ID_HEX,
               nullable=True),
    )
    copies = "url"
    batch_rows = 512  # canonical URLs are made by some dozens of calls, however many there are
    examples = (
        Example(["http://www.Example.com:80/a/./b/?b=2&a=1#top", "https://example.com/a/b?a=1&b=2&utm_source=mail",
                 "https://example.com/a/c"], [(0, 1)], {}, "by hand, by RFC 3986, section 6"),
        Example(["page.txt", "page.txt"], [], {}, "by hand: names of files say nothing about a page"),
    )

    def sign(self, values: pa.Array) -> dict[str, pa.Array]:
        """The hash of every URL."""
        return {"url_hash": url_hash(values)}

    def keys(self, signed: pa.Table) -> Iterator[Keys]:
        """The hashes."""
        yield hash_keys(signed["url_hash"])


def canonical_urls(urls: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """The canonical form of every URL, without the scheme where it is http or https; null where there is no host.

    Paths keep their case, and a slash at their end goes. Texts that are no URL with a host, as the names of files, give
    null: they say nothing about the page.
    """
    urls = _flat(urls)
    plain = pc.fill_null(pc.match_substring_regex(urls, _PLAIN), False)
    short = _without_scheme(urls.filter(plain))
    if len(short) == len(urls):
        return short
    others = _canonical(urls.filter(pc.invert(plain)))
    # Each row is taken from the plain ones or from the others.
    marks = np.asarray(plain)
    place = np.where(marks, np.cumsum(marks) - 1, len(short) + np.cumsum(~marks) - 1)
    return pa.concat_arrays([short, others]).take(pa.array(place))


def _without_scheme(urls: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(urls, r"^https?://(?:www[0-9]?\.([^/.]*\.))?|/$", r"\1")


def _canonical(urls: pa.Array) -> pa.Array:
    parts = pc.extract_regex(pc.utf8_trim_whitespace(urls), _PARTS)
    scheme, host, port, path, query = (
        pc.fill_null(pc.struct_field(parts, name), "") for name in ("scheme", "host", "port", "path", "query")
    )
    scheme = pc.ascii_lower(scheme)
    host = pc.replace_substring_regex(pc.utf8_lower(_escapes(host)), r"\.$", "")
    usable = pc.and_(pc.not_equal(host, ""), pc.is_valid(parts))
    host = pc.replace_substring_regex(host, r"^www[0-9]?\.(.*\..*)$", r"\1")
    scheme = pc.if_else(pc.is_in(scheme, _WEB), "", scheme)
    default = pc.or_(pc.equal(port, ""), pc.and_(pc.equal(scheme, ""), pc.is_in(port, pa.array(["80", "443"]))))
    port = pc.if_else(default, "", pc.binary_join_element_wise("", port, ":"))
    whole = pc.binary_join_element_wise(
        pc.if_else(pc.equal(scheme, ""), "", pc.binary_join_element_wise(scheme, "", "://")), host, port,
        _path(path), _query(query), "",
    )
    return pc.if_else(usable, whole, pa.scalar(None, pa.string())).cast(pa.string())


def url_hash(urls: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """A 128-bit hash of the canonical form of every URL, as 32 hexadecimal digits; null where there is none."""
    from data_platform.kernels.hashing import hash_strings

    canonical = canonical_urls(urls)
    hashes = hexadecimal(hash_strings(*text_buffers(canonical)))
    return pc.if_else(pc.is_valid(canonical), hashes, pa.scalar(None, pa.string()))


def _flat(urls: pa.Array | pa.ChunkedArray) -> pa.Array:
    urls = urls.cast(pa.string())
    return urls.combine_chunks() if isinstance(urls, pa.ChunkedArray) else urls


def _escapes(text: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(text, "%")).as_py():
        return text
    from data_platform.kernels.escapes import normalize_escapes

    offsets, data = normalize_escapes(*text_buffers(text))
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    # Escapes may be of bytes that are no UTF-8 only if they stay escaped: unreserved characters are ASCII.
    return pa.StringArray.from_buffers(len(text), buffers[1], buffers[2])


def _path(path: pa.Array) -> pa.Array:
    path = pc.replace_substring_regex(_escapes(path), r"(?i);(?:" + "|".join(SESSION) + r")=[^/;]*", "")
    path = pc.replace_substring_regex(path, "/{2,}", "/")
    dotted = pc.match_substring_regex(path, r"/\.{1,2}(?:/|$)")
    if pc.any(dotted).as_py():
        plain = [_without_dots(text) for text in path.filter(dotted).to_pylist()]
        path = pc.replace_with_mask(path, dotted, pa.array(plain, pa.string()))
    return pc.replace_substring_regex(path, "/$", "")


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


def _query(query: pa.Array) -> pa.Array:
    """The query with its parameters in order and without those that are dropped; with "?" if any is left."""
    filled = pc.not_equal(query, "")
    if not pc.any(filled).as_py():
        return query
    parameters = pc.split_pattern(_escapes(query.filter(filled)), "&")
    rows, values = pc.list_parent_indices(parameters), pc.list_flatten(parameters)
    kept = pc.invert(pc.or_(pc.equal(values, ""), pc.match_substring_regex(values, _DROPPED)))
    listed = pa.table({"row": rows.filter(kept), "value": values.filter(kept)})
    listed = listed.sort_by([("row", "ascending"), ("value", "ascending")])
    counts = np.bincount(listed["row"].to_numpy(), minlength=len(parameters))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), listed["value"].combine_chunks())
    joined = pc.binary_join(lists, "&")
    joined = pc.if_else(pc.equal(joined, ""), "", pc.binary_join_element_wise("", joined, "?"))
    return pc.replace_with_mask(query, filled, joined)
