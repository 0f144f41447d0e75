"""Which words of one text stand in another, in the same order: compiled.

Two texts are aligned by the fewest words to insert and delete (Myers 1986, 'An O(ND) difference algorithm and its
variations', https://doi.org/10.1007/BF01840446). Short runs that agree by chance between long stretches that do not
are then given up ('semantic clean-up', https://neil.fraser.name/writing/diff/), so that a foreign sentence is seen in
one piece and not through its articles and prepositions.

Belongs here: kernels over word numbers. Does not: what differences mean (`leftovers`).
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel

GRAM = 4
"""Words in a gram: the least that counts as a hint of common text."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@kernel(allocates=True)
def grams(words: np.ndarray) -> np.ndarray:
    """The hash (uint64) of every run of `GRAM` word numbers (int32; negative: unknown, whose runs hash to 0)."""
    count = max(len(words) - GRAM + 1, 0)
    hashes = np.zeros(count, np.uint64)
    for start in range(count):
        value = np.uint64(0)
        known = True
        for offset in range(GRAM):
            word = words[start + offset]
            known = known and word >= 0
            value = (value + np.uint64(word + 1)) * _MULTIPLIER
            value ^= value >> _SHIFT
        hashes[start] = value if known else np.uint64(0)
    return hashes


@kernel(allocates=True)
def align(first: np.ndarray, second: np.ndarray, most: int) -> np.ndarray:
    """For each word of `first` its place in `second`, or -1 (int32). Empty if more than `most` words differ."""
    n, m = len(first), len(second)
    matched = np.full(n, -1, np.int32)
    head = 0
    while head < n and head < m and first[head] == second[head]:
        matched[head] = head
        head += 1
    tail = 0
    while tail < n - head and tail < m - head and first[n - 1 - tail] == second[m - 1 - tail]:
        matched[n - 1 - tail] = m - 1 - tail
        tail += 1
    rows, columns = n - head - tail, m - head - tail
    if rows == 0 or columns == 0:
        return matched if rows + columns <= most else np.empty(0, np.int32)
    limit = min(rows + columns, most)
    furthest = np.zeros(2 * limit + 3, np.int32)
    trace = np.empty((limit + 1) * (limit + 2) // 2, np.int32)
    edits = -1
    for d in range(limit + 1):
        base = d * (d + 1) // 2
        for k in range(-d, d + 1, 2):
            middle = limit + 1
            if k == -d or (k != d and furthest[middle + k - 1] < furthest[middle + k + 1]):
                x = furthest[middle + k + 1]
            else:
                x = furthest[middle + k - 1] + 1
            y = x - k
            while x < rows and y < columns and first[head + x] == second[head + y]:
                x += 1
                y += 1
            furthest[middle + k] = x
            trace[base + (k + d) // 2] = x
            if x >= rows and y >= columns:
                edits = d
                break
        if edits >= 0:
            break
    if edits < 0:
        return np.empty(0, np.int32)
    x, y = rows, columns
    for d in range(edits, 0, -1):
        k = x - y
        base = (d - 1) * d // 2
        down = k == -d
        if not down and k != d:
            down = trace[base + (k - 1 + d - 1) // 2] < trace[base + (k + 1 + d - 1) // 2]
        before = k + 1 if down else k - 1
        start_x = trace[base + (before + d - 1) // 2]
        start_y = start_x - before
        entry_x = start_x if down else start_x + 1
        while x > entry_x:
            x -= 1
            y -= 1
            matched[head + x] = head + y
        x, y = start_x, start_y
    while x > 0 and y > 0:
        x -= 1
        y -= 1
        matched[head + x] = head + y
    return matched


@kernel(allocates=True)
def clean(matched: np.ndarray, length: int, longest: int) -> np.ndarray:
    """An alignment without chance agreements: a run of at most `longest` words stays only if it is longer than the
    stretch that differs before it or the one after it. `length` is the number of words of the other text."""
    result = matched.copy()
    n = len(result)
    changed = True
    while changed:
        changed = False
        position, before, other = 0, 0, -1
        while position < n:
            if result[position] < 0:
                position += 1
                before += 1
                continue
            start = position
            while position + 1 < n and result[position + 1] == result[position] + 1:
                position += 1
            position += 1
            run = position - start
            gap_before = max(before, result[start] - other - 1)
            after = position
            while after < n and result[after] < 0:
                after += 1
            following = result[after] if after < n else length
            gap_after = max(after - position, following - result[position - 1] - 1)
            if run <= longest and gap_before > run and gap_after > run:
                for index in range(start, position):
                    result[index] = -1
                changed = True
                before += run
            else:
                before = 0
                other = result[position - 1]
    return result
