"""The compiled loops that connect rows with equal keys: by the key alone, or if their shingles are alike as well.

Here belongs machine code over keys and row numbers. Not here: where keys come from (`minhash`), and what connections
make of rows (`components`). This module imports numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.components import join, root
from data_platform.kernels.hashing import mix
from data_platform.kernels.jaccard import allowed, differing, jaccard


@part()
def _slots(members):
    """Slots of a hash table, a power of two, of which so many members fill half at the most."""
    size = 16
    while size < 2 * members:
        size *= 2
    return size


@part()
def _bucket(keys, proofs, slots, member):
    """The slot of the bucket that `member` belongs to: that of an equal key and an equal proof, or a free one."""
    mask = slots.size - 1
    slot = np.int64(mix(np.uint64(keys[member])) & np.uint64(mask))
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
        parents: a forest as of `components`, over all rows.
        keys: int64, one per row.
        proofs: uint8, a row per row: equal keys with different proofs are a collision.
        members: int64 rows in the order in which they come; those that are not new before those that are.
        new: bool, one per row.
        left, right: int64 as long as `members`; pairs are written here.

    Returns:
        How many pairs were written. `left` is the row that came later, `right` the first of its key.
    """
    size = _slots(members.size)
    slots = np.full(size, -1, np.int64)
    count = 0
    for position in range(members.size):
        member = members[position]
        slot = _bucket(keys, proofs, slots, member)
        if slots[slot] < 0:
            slots[slot] = member
            continue
        if join(parents, slots[slot], member) and new[member]:
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
        offsets, shingles: of `jaccard.sort_distinct`, one document per row.
        bitmaps: of `jaccard.parities`.

    Returns:
        How many pairs were written.
    """
    size = _slots(members.size)
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
            joined = root(parents, group) == root(parents, member)
            other = group
            while not joined and other >= 0:
                total = offsets[other + 1] - offsets[other] + offsets[member + 1] - offsets[member]
                similarity = -1.0
                if differing(bitmaps, other, member) <= allowed(total, least):
                    similarity = jaccard(offsets, shingles, other, member, least)
                if similarity >= least:
                    join(parents, other, member)
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
