"""The compiled scan over URLs: every host suffix, every URL prefix and every word, looked up in one table of hashes.

Here belongs machine code that reads `TextBuffers` of URLs. Not here: where the table comes from and what a match means
(`filtering/url_lists.py`). This module imports numba; import it where a kernel is called.

What is looked up is hashed byte by byte in lower case (ASCII) by FNV-1a of 64 bits and ended by splitmix64's
finaliser; hosts from their end, so that one pass hashes every suffix. Each kind starts from another state, so that all
can share one table. Two different entries of a table of n are taken for one another with a chance of n / 2**64.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.ascii import is_alphanumeric, lower
from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import FNV_OFFSET, fnv1a, mix

HOST, PREFIX, WORD = 0, 1, 2
"""Kinds of entries: a host with its subdomains, a URL with all that is below it, a word of a URL."""

_STARTS = np.array([FNV_OFFSET, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557], np.uint64)
_NEWLINE, _SLASH, _COLON, _AT, _DOT, _HASH, _QUESTION, _AMPERSAND = (ord(sign) for sign in "\n/:@.#?&")
_STAR, _BRACKET, _END_BRACKET, _HYPHEN, _UNDERSCORE = (ord(sign) for sign in "*[]-_")
_WWW = np.frombuffer(b"www.", np.uint8)


@part()
def _extend(state, byte):
    return fnv1a(state, lower(byte))


@part()
def _without_www(data, first, last):
    """Where a host starts, but for a leading "www."."""
    if last - first > 4:
        for at in range(4):
            if lower(data[first + at]) != _WWW[at]:
                return first
        return first + 4
    return first


@part()
def _host(data, first, last):
    """Where the host of `[first, last)`, a URL without its scheme, starts and ends, and where what follows it starts.

    A user before the host, a port and full stops at its end are no part of it.
    """
    end = first
    while end < last and data[end] != _SLASH and data[end] != _QUESTION and data[end] != _HASH:
        end += 1
    for at in range(end - 1, first - 1, -1):  # what stands before an @ is a user
        if data[at] == _AT:
            first = at + 1
            break
    host_end = end
    for at in range(end - 1, first - 1, -1):  # a port
        if data[at] == _COLON:
            host_end = at
            break
        if not np.uint8(48) <= data[at] <= np.uint8(57):
            break
    while host_end > first and data[host_end - 1] == _DOT:
        host_end -= 1
    return first, host_end, end


@part()
def _is_host(data, first, last):
    """Whether all bytes can be those of a host: letters of any script, digits, '-', '_', '.'; colons in brackets."""
    bracketed = first < last and data[first] == _BRACKET
    for at in range(first, last):
        byte = data[at]
        if not (
            is_alphanumeric(byte) or byte >= 128 or byte in (_DOT, _HYPHEN, _UNDERSCORE)
            or (bracketed and (byte == _COLON or at == first or (at == last - 1 and byte == _END_BRACKET)))
        ):
            return False
    return first < last


@kernel(allocates=True)
def hash_entries(data, kind):
    """One hash per line of a list that holds more than white space, of the kind `kind`, and how many cannot be read.

    Lines that start with '#' are comments. Hosts and URL prefixes lose a scheme, a user, a port, slashes at the end;
    hosts a leading "." or "*."; prefixes a leading "www.". What has a path among the hosts is a URL prefix. What has no
    host then cannot be read, and matches nothing.
    """
    lines = 1
    for byte in data:
        lines += byte == _NEWLINE
    found = np.empty(lines, np.uint64)
    count = unreadable = 0
    at = 0
    while at < data.size:
        first = at
        while at < data.size and data[at] != _NEWLINE:
            at += 1
        last = at
        at += 1
        while first < last and data[first] <= 32:
            first += 1
        while last > first and data[last - 1] <= 32:
            last -= 1
        if first == last or data[first] == _HASH:
            continue
        state = _STARTS[kind]
        if kind == WORD:
            for place in range(first, last):
                state = _extend(state, data[place])
        else:
            for place in range(first, last - 2):
                if data[place] == _COLON and data[place + 1] == _SLASH and data[place + 2] == _SLASH:
                    first = place + 3
                    break
                if data[place] == _SLASH:
                    break
            while last > first and data[last - 1] == _SLASH:
                last -= 1
            first, host_end, end = _host(data, first, last)
            of_host = kind == HOST and end == last
            if kind == HOST and first < host_end and data[first] == _STAR:
                first += 1
            while kind == HOST and first < host_end and data[first] == _DOT:
                first += 1
            if not _is_host(data, first, host_end):
                unreadable += 1
                continue
            if of_host:
                for place in range(host_end - 1, first - 1, -1):
                    state = _extend(state, data[place])
            else:
                state = _STARTS[PREFIX]
                for place in range(_without_www(data, first, host_end), host_end):
                    state = _extend(state, data[place])
                for place in range(end, last):
                    state = _extend(state, data[place])
        found[count] = mix(state)
        count += 1
    return found[:count], unreadable


@part()
def _look_up(state, hashes, groups, index, shift, counts, seen, n_seen):
    """Count the groups that the entries with this hash belong to, but for entries that were seen.

    Returns the number of entries seen by now. A URL matches few, so that these are looked through one by one.
    """
    key = mix(state)
    bucket = np.int64(key >> shift)
    for entry in range(index[bucket], index[bucket + 1]):
        if hashes[entry] == key:
            new = True
            for place in range(n_seen):
                new = new and seen[place] != entry
            if new:
                seen[n_seen] = entry
                n_seen += 1
                counts[groups[entry]] += 1
    return n_seen


@kernel(allocates=True)
def match(offsets, data, hashes, groups, index, shift, n_groups):
    """How many different entries of each group each URL matches.

    Args:
        offsets, data: the URLs, as `TextBuffers`. What has no host (`scheme://host`) matches nothing.
        hashes: uint64, hashes of entries, sorted.
        groups: uint16, the group of each entry.
        index: int64, where in `hashes` those start whose first bits, `hash >> shift`, have each value; one more than
            there are values.
        shift: uint64.
        n_groups: number of groups.

    Returns:
        int32[URLs, n_groups].
    """
    urls = offsets.size - 1
    counts = np.zeros((urls, n_groups), np.int32)
    seen = np.empty(hashes.size, np.int64)
    for row in range(urls):
        first, last = offsets[row], offsets[row + 1]
        n_seen = 0
        host = np.int64(-1)
        for at in range(first, last - 2):
            if data[at] == _COLON and data[at + 1] == _SLASH and data[at + 2] == _SLASH:
                host = at + 3
                break
        if host < 0:
            continue
        host, host_end, end = _host(data, host, last)
        if host_end == host:
            continue
        state = _STARTS[HOST]
        for at in range(host_end - 1, host - 1, -1):
            state = _extend(state, data[at])
            if at == host or data[at - 1] == _DOT:
                n_seen = _look_up(state, hashes, groups, index, shift, counts[row], seen, n_seen)
        state = _STARTS[PREFIX]
        for at in range(_without_www(data, host, host_end), host_end):
            state = _extend(state, data[at])
        n_seen = _look_up(state, hashes, groups, index, shift, counts[row], seen, n_seen)
        for at in range(end, last):
            state = _extend(state, data[at])
            following = data[at + 1] if at + 1 < last else np.uint8(_SLASH)
            if data[at] != _SLASH and following in (_SLASH, _QUESTION, _AMPERSAND, _HASH):
                n_seen = _look_up(state, hashes, groups, index, shift, counts[row], seen, n_seen)
        at = first
        while at < last:
            state = _STARTS[WORD]
            start = at
            while at < last and is_alphanumeric(data[at]):
                state = _extend(state, data[at])
                at += 1
            if at > start:
                n_seen = _look_up(state, hashes, groups, index, shift, counts[row], seen, n_seen)
            at += 1
    return counts
