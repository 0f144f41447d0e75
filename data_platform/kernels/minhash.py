"""The compiled loops of deduplication: minima of permuted shingles, buckets of equal keys, Jaccard, and union-find.

Here belongs machine code over hashes and row numbers. Not here: anything that reads text (`text.py`). This
module imports numba; import it where a kernel is called. What kernels call stays in this file, see `text.py`.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0x5851F42D4C957F2D)
_MULTIPLIER = np.uint32(0x9E3779B1)
_EVERY_SECOND, _PAIRS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _ONES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)


@part()
def _mix(value):
    """splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014; Stafford's variant 13)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@part()
def _root(parents, member):
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


@part()
def _distinct(values, table, distinct):
    """Write the distinct `values` and return how many. `table` is a zeroed hash set, a power of two long."""
    mask = np.uint64(table.size - 1)
    count = 0
    for position in range(values.size):
        key = max(values[position], np.uint64(1))  # 0 marks a free slot
        slot = key & mask
        while table[slot] != np.uint64(0) and table[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] == np.uint64(0):
            table[slot] = key
            distinct[count] = key
            count += 1
    return count


@part()
def _minima(shingles, count, multipliers, increments, minima):
    """Write the least value of every permutation over the first `count` shingles.

    Four shingles to a turn, since the vector units wait for memory otherwise: 9.7 thousand million values per second on
    one core that makes 2.7 with one shingle of 64 bits to a turn.
    """
    minima[:] = np.uint32(0xFFFFFFFF)
    position = 0
    while position + 4 <= count:
        one = np.uint32(shingles[position] >> np.uint64(32))
        two = np.uint32(shingles[position + 1] >> np.uint64(32))
        three = np.uint32(shingles[position + 2] >> np.uint64(32))
        four = np.uint32(shingles[position + 3] >> np.uint64(32))
        for permutation in range(multipliers.size):
            factor, summand = multipliers[permutation], increments[permutation]
            least = min(
                min(np.uint32(one * factor + summand), np.uint32(two * factor + summand)),
                min(np.uint32(three * factor + summand), np.uint32(four * factor + summand)),
            )
            minima[permutation] = min(minima[permutation], least)
        position += 4
    while position < count:
        one = np.uint32(shingles[position] >> np.uint64(32))
        for permutation in range(multipliers.size):
            value = np.uint32(one * multipliers[permutation] + increments[permutation])
            minima[permutation] = min(minima[permutation], value)
        position += 1


@kernel(allocates=True)
def minhash_bands(offsets, shingles, multipliers, increments, bands):
    """Count the distinct shingles of every document, hash its minima band by band, and keep a byte of each.

    Args:
        offsets: int64; document i has the shingles `offsets[i]` to `offsets[i + 1]`.
        shingles: uint64, well mixed, with repetitions.
        multipliers, increments: uint32, one pair per permutation; as many for each band.
        bands: number of bands.

    Returns:
        int64 counts; int64 keys of shape (documents, bands) and uint8 sketches of shape (documents, permutations), both
        undefined where the count is 0.
    """
    documents = offsets.size - 1
    permutations = multipliers.size
    rows = permutations // bands
    counts = np.zeros(documents, np.int64)
    keys = np.empty((documents, bands), np.int64)
    sketches = np.empty((documents, permutations), np.uint8)
    minima = np.empty(permutations, np.uint32)
    longest = 0
    for document in range(documents):
        longest = max(longest, offsets[document + 1] - offsets[document])
    distinct = np.empty(longest, np.uint64)
    for document in range(documents):
        own = shingles[offsets[document] : offsets[document + 1]]
        if own.size == 0:
            continue
        size = 4
        while size < 2 * own.size:
            size *= 2
        counts[document] = _distinct(own, np.zeros(size, np.uint64), distinct)
        _minima(distinct, counts[document], multipliers, increments, minima)
        for band in range(bands):
            state = np.uint64(band)  # so that equal minima in two bands give two keys
            for row in range(band * rows, (band + 1) * rows):
                least = minima[row]
                state = _mix((state ^ np.uint64(least)) + _MIX_2)
                folded = np.uint32((least ^ (least >> np.uint32(16))) * _MULTIPLIER)
                sketches[document, row] = np.uint8(folded >> np.uint32(24))
            keys[document, band] = np.int64(state)
    return counts, keys, sketches


@kernel(allocates=True)
def band_keys(offsets, shingles, minima, bands):
    """What `minhash_bands` returns, of minima of 64 bits that are known: uint64 of shape (documents, permutations)."""
    documents, permutations = minima.shape
    rows = permutations // bands
    counts = np.zeros(documents, np.int64)
    keys = np.empty((documents, bands), np.int64)
    sketches = np.empty((documents, permutations), np.uint8)
    longest = 0
    for document in range(documents):
        longest = max(longest, offsets[document + 1] - offsets[document])
    distinct = np.empty(longest, np.uint64)
    for document in range(documents):
        own = shingles[offsets[document] : offsets[document + 1]]
        if own.size == 0:
            continue
        size = 4
        while size < 2 * own.size:
            size *= 2
        counts[document] = _distinct(own, np.zeros(size, np.uint64), distinct)
        for band in range(bands):
            state = np.uint64(band)
            for row in range(band * rows, (band + 1) * rows):
                least = _mix(minima[document, row])
                state = _mix((state ^ least) + _MIX_2)
                sketches[document, row] = np.uint8(least >> np.uint64(56))
            keys[document, band] = np.int64(state)
    return counts, keys, sketches


@kernel(allocates=True)
def sort_distinct(offsets, shingles):
    """Sort the shingles of every document and drop repetitions. Returns new int64 offsets and the uint64 shingles."""
    documents = offsets.size - 1
    kept = np.zeros(documents + 1, np.int64)
    result = np.empty(shingles.size, np.uint64)
    count = 0
    for document in range(documents):
        own = np.sort(shingles[offsets[document] : offsets[document + 1]])
        for position in range(own.size):
            if position == 0 or own[position] != own[position - 1]:
                result[count] = own[position]
                count += 1
        kept[document + 1] = count
    return kept, result[:count]


@part()
def _allowed(total, least):
    """How many shingles of `total` in two documents may be in one of them alone, if their Jaccard is `least`."""
    # Of s there are s / (1 + s) as many in common as in both together; one more is allowed for rounding.
    return total - 2 * np.int64(least / (1 + least) * total) + 2


@kernel()
def parities(offsets, shingles, bitmaps):
    """Fill `bitmaps`, uint64 rows of zeros, one per document of `sort_distinct`: of each bit whether an odd number of
    the document's shingles falls on it."""
    width = np.uint64(64 * bitmaps.shape[1])
    for row in range(offsets.size - 1):
        for place in range(offsets[row], offsets[row + 1]):
            bit = shingles[place] % width
            bitmaps[row, bit >> np.uint64(6)] ^= np.uint64(1) << (bit & np.uint64(63))


@part()
def _differing(bitmaps, one, two):
    """How many bits differ: no more than there are shingles in one of the two documents alone, for each of these turns
    one bit over (Sandes, Teodoro and Melo 2020, "Bitmap filter: speeding up exact set similarity joins")."""
    count = np.uint64(0)
    for word in range(bitmaps.shape[1]):
        bits = bitmaps[one, word] ^ bitmaps[two, word]
        bits = bits - ((bits >> np.uint64(1)) & _EVERY_SECOND)
        bits = (bits & _PAIRS) + ((bits >> np.uint64(2)) & _PAIRS)
        count += (((bits + (bits >> np.uint64(4))) & _NIBBLES) * _ONES) >> np.uint64(56)
    return np.int64(count)


@part()
def _jaccard(offsets, shingles, one, two, least):
    """Jaccard similarity of two documents of `sort_distinct`; -1 as soon as it is known to be below `least`."""
    left, left_end = offsets[one], offsets[one + 1]
    right, right_end = offsets[two], offsets[two + 1]
    smaller = min(left_end - left, right_end - right)
    larger = max(left_end - left, right_end - right)
    if smaller < least * larger or larger == 0:
        return -1.0
    total = left_end - left + right_end - right
    allowed = _allowed(total, least)
    common, alone = 0, 0
    while left < left_end and right < right_end and alone <= allowed:
        if shingles[left] == shingles[right]:
            common += 1
            left += 1
            right += 1
        else:
            alone += 1
            if shingles[left] < shingles[right]:
                left += 1
            else:
                right += 1
    return common / (total - common) if alone <= allowed else -1.0


@kernel(allocates=True)
def jaccards(offsets, shingles, left, right):
    """Jaccard similarity of the documents `left[i]` and `right[i]` of `sort_distinct`, as float64."""
    result = np.empty(left.size, np.float64)
    for pair in range(left.size):
        result[pair] = max(_jaccard(offsets, shingles, left[pair], right[pair], 0.0), 0.0)
    return result


@kernel(allocates=True)
def agreement(sketches, left, right):
    """Share of equal bytes in the rows `left[i]` and `right[i]` of `sketches`, as float64."""
    result = np.empty(left.size, np.float64)
    width = sketches.shape[1]
    for pair in range(left.size):
        one, two = sketches[left[pair]], sketches[right[pair]]
        same = 0
        for position in range(width):
            same += one[position] == two[position]
        result[pair] = same / width
    return result


@part()
def _bucket(keys, proofs, slots, member):
    """The slot of the bucket that `member` belongs to: that of an equal key and an equal proof, or a free one."""
    mask = slots.size - 1
    slot = np.int64(_mix(np.uint64(keys[member])) & np.uint64(mask))
    while slots[slot] >= 0:
        other = slots[slot]
        if keys[other] == keys[member]:
            same = True
            for position in range(proofs.shape[1]):
                same = same and proofs[other, position] == proofs[member, position]
            if same:
                break
        slot = (slot + 1) & mask
    return slot


@kernel(allocates=True)
def link(parents, keys, proofs, members, new, left, right):
    """Join all members with the same key, and note what joined trees of which one is new.

    Args:
        parents: a forest as of `unite`, over all rows.
        keys: int64, one per row.
        proofs: uint8, a row per row: equal keys with different proofs are a collision.
        members: int64 rows in the order in which they come; those that are not new before those that are.
        new: bool, one per row.
        left, right: int64 as long as `members`; pairs are written here.

    Returns:
        How many pairs were written. `left` is the row that came later, `right` the first of its key.
    """
    size = 16
    while size < 2 * members.size:
        size *= 2
    slots = np.full(size, -1, np.int64)
    count = 0
    for position in range(members.size):
        member = members[position]
        slot = _bucket(keys, proofs, slots, member)
        if slots[slot] < 0:
            slots[slot] = member
            continue
        one, two = _root(parents, slots[slot]), _root(parents, member)
        if one == two:
            continue
        parents[max(one, two)] = min(one, two)
        if new[member]:
            left[count], right[count] = member, slots[slot]
            count += 1
    return count


@kernel(allocates=True)
def link_alike(parents, keys, proofs, members, new, left, right, values, offsets, shingles, bitmaps, least):
    """As `link`, but two members are joined only if their Jaccard similarity is at least `least`.

    Every new member is compared with each one before it with the same key, unless the two are joined already: of a
    bucket of copies each is compared once, and where one comparison fails the others are still made. The members of a
    bucket are kept in groups of those that are joined, which are passed over as one: m copies take m steps, and only
    members that are not alike are compared pair by pair. Most of these are told by their bitmaps, without a look at
    their shingles.

    Args:
        left, right, values: as long as there are rows; pairs and their similarities are written here.
        offsets, shingles: of `sort_distinct`, one document per row.
        bitmaps: of `parities`.

    Returns:
        How many pairs were written.
    """
    size = 16
    while size < 2 * members.size:
        size *= 2
    slots = np.full(size, -1, np.int64)  # any member of every bucket, by which its key is known
    groups = np.full(size, -1, np.int64)  # of every bucket the first member of its first group
    following = np.full(parents.size, -1, np.int64)  # the first member of the group behind that of a first member
    fellows = np.full(parents.size, -1, np.int64)  # the next member of the same group
    lasts = np.arange(parents.size)  # the last member of the group of a first member
    count = 0
    for position in range(members.size):
        member = members[position]
        slot = _bucket(keys, proofs, slots, member)
        slots[slot] = member
        following[member], fellows[member], lasts[member] = -1, -1, member
        before = -1
        group = groups[slot] if new[member] else -1
        while group >= 0:
            behind = following[group]
            joined = _root(parents, group) == _root(parents, member)
            other = group
            while not joined and other >= 0:
                total = offsets[other + 1] - offsets[other] + offsets[member + 1] - offsets[member]
                similarity = -1.0
                if _differing(bitmaps, other, member) <= _allowed(total, least):
                    similarity = _jaccard(offsets, shingles, other, member, least)
                if similarity >= least:
                    one, two = _root(parents, other), _root(parents, member)
                    parents[max(one, two)] = min(one, two)
                    left[count], right[count], values[count] = member, other, similarity
                    count += 1
                    joined = True
                other = fellows[other]
            if joined:
                fellows[lasts[member]] = group
                lasts[member] = lasts[group]
                if before < 0:
                    groups[slot] = behind
                else:
                    following[before] = behind
            else:
                before = group
            group = behind
        following[member] = groups[slot]
        groups[slot] = member
    return count


@kernel()
def parse_hex(digits, result):
    """Write the numbers that rows of 32 hexadecimal digits in lower case stand for, as rows of two uint64."""
    for row in range(digits.shape[0]):
        for half in range(2):
            value = np.uint64(0)
            for position in range(16 * half, 16 * half + 16):
                digit = digits[row, position]
                value = (value << np.uint64(4)) | np.uint64(digit - 48 if digit < 58 else digit - 87)
            result[row, half] = value


@kernel()
def unite(parents, left, right):
    """Join the trees of every pair in the forest `parents`. A root is always the smallest member of its tree."""
    for pair in range(left.size):
        one, two = _root(parents, left[pair]), _root(parents, right[pair])
        parents[max(one, two)] = min(one, two)


@kernel()
def flatten(parents):
    """Point every member of the forest `parents` at its root."""
    for member in range(parents.size):
        parents[member] = parents[parents[member]]  # a parent is smaller, and so already points at its root


@kernel(allocates=True)
def spread(starts, offsets, neighbours, edges, parents, ways):
    """Walk a graph breadth-first from all `starts`; write for every row the row it was reached from, and by which edge.

    Args:
        offsets, neighbours, edges: row i has the neighbours `neighbours[offsets[i]:offsets[i + 1]]`, over those edges.
        parents, ways: int64, -1 everywhere.
    """
    queue = np.empty(parents.size, np.int64)
    seen = np.zeros(parents.size, np.bool_)
    last = 0
    for start in starts:
        queue[last] = start
        seen[start] = True
        last += 1
    first = 0
    while first < last:
        row = queue[first]
        first += 1
        for position in range(offsets[row], offsets[row + 1]):
            other = neighbours[position]
            if not seen[other]:
                seen[other] = True
                parents[other], ways[other] = row, edges[position]
                queue[last] = other
                last += 1


@kernel(allocates=True)
def hash_strings(offsets, data):
    """Hash strings byte by byte to 128 bits. Returns uint64 of shape (strings, 2)."""
    strings = offsets.size - 1
    hashes = np.empty((strings, 2), np.uint64)
    for string in range(strings):
        one, two = np.uint64(0), np.uint64(1)
        for position in range(offsets[string], offsets[string + 1]):
            byte = np.uint64(data[position])
            one = (one ^ byte) * _GOLDEN
            one ^= one >> np.uint64(32)
            two = (two ^ byte) * _SECOND
            two ^= two >> np.uint64(32)
        length = np.uint64(offsets[string + 1] - offsets[string])
        hashes[string, 0], hashes[string, 1] = _mix(one ^ length), _mix(two ^ length)
    return hashes


@part()
def _hex_value(byte):
    """The value of a hexadecimal digit, or -1."""
    if 48 <= byte <= 57:
        return np.int64(byte) - 48
    lower = byte | 32
    return np.int64(lower) - 87 if 97 <= lower <= 102 else np.int64(-1)


@kernel(allocates=True)
def normalize_escapes(offsets, data):
    """Percent-escapes as RFC 3986, section 6.2.2, wants them: digits in upper case, unreserved characters unescaped.

    Returns:
        int64 offsets from 0, and the bytes.
    """
    strings = offsets.size - 1
    starts = np.zeros(strings + 1, np.int64)
    result = np.empty(offsets[strings] - offsets[0], np.uint8)
    count = 0
    for string in range(strings):
        position, end = offsets[string], offsets[string + 1]
        while position < end:
            byte = data[position]
            if byte == 37 and position + 2 < end:
                high, low = _hex_value(data[position + 1]), _hex_value(data[position + 2])
                if high >= 0 and low >= 0:
                    value = 16 * high + low
                    unreserved = (48 <= value <= 57 or 65 <= value <= 90 or 97 <= value <= 122 or value == 45
                                  or value == 46 or value == 95 or value == 126)
                    if unreserved:
                        result[count] = value
                        count += 1
                    else:
                        result[count] = 37
                        result[count + 1] = high + 48 if high < 10 else high + 55
                        result[count + 2] = low + 48 if low < 10 else low + 55
                        count += 3
                    position += 3
                    continue
            result[count] = byte
            count += 1
            position += 1
        starts[string + 1] = count
    return starts, result[:count]
