"""The compiled loops over pairs of documents: sketches and the pairs that they propose, shared members, similarities.

Here belongs machine code over hashes and similarities. Not here: text (`text_hashes`). This module imports
numba; import it where a kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.arrays import head, widened_rows
from data_platform.kernels.compiled import kernel, part


@kernel(allocates=True)
def propose(offsets, posting_offsets, posting_documents, hash_numbers, sizes, ranks, share, most, candidates):
    """For every document, those larger ones that share most of its sketch.

    Args:
        offsets: int64; document d has the entries `offsets[d]` to `offsets[d + 1]` of all sketches.
        posting_offsets, posting_documents: int64; hash number n is in the documents between two offsets.
        hash_numbers: int64, the number of the hash of every entry.
        sizes: int64, n-grams of every document; of two as large, the one of the smaller rank is the larger one.
        ranks: int64.
        share: share of the n-grams that is asked for.
        most: hashes in more documents propose nothing.
        candidates: how many documents are proposed for each, at the most.

    Returns:
        int64 documents, and int64 documents that may contain them.
    """
    documents = offsets.size - 1
    shared = np.zeros(documents, np.int64)
    touched = np.empty(documents, np.int64)
    room = 1024
    found = np.empty((2, room), np.int64)
    count = 0
    best = np.empty(candidates, np.int64)
    scores = np.empty(candidates, np.float64)
    for document in range(documents):
        used, others = 0, 0
        for entry in range(offsets[document], offsets[document + 1]):
            first, last = posting_offsets[hash_numbers[entry]], posting_offsets[hash_numbers[entry] + 1]
            if last - first > most:
                continue
            used += 1
            for posting in range(first, last):
                other = posting_documents[posting]
                if sizes[other] < sizes[document] or (
                    sizes[other] == sizes[document] and ranks[other] >= ranks[document]
                ):
                    continue
                if shared[other] == 0:
                    touched[others] = other
                    others += 1
                shared[other] += 1
        # Three standard deviations of the estimate below what is asked for: the comparison decides.
        least = share * used - 3 * np.sqrt(share * (1 - share) * used)
        kept = 0
        for place in range(others):
            other = touched[place]
            score = np.float64(shared[other])
            shared[other] = 0
            if score < least:
                continue
            at = kept
            while at > 0 and (
                score > scores[at - 1]
                or (score == scores[at - 1] and _before(other, best[at - 1], sizes, ranks))
            ):
                at -= 1
            if at == candidates:
                continue
            kept = min(kept + 1, candidates)
            for move in range(kept - 1, at, -1):
                best[move], scores[move] = best[move - 1], scores[move - 1]
            best[at], scores[at] = other, score
        for place in range(kept):
            if count == room:
                found, room = widened_rows(found), 2 * room
            found[0, count], found[1, count] = document, best[place]
            count += 1
    return head(found[0], count), head(found[1], count)


@part()
def _before(one, other, sizes, ranks):
    return sizes[one] > sizes[other] or (sizes[one] == sizes[other] and ranks[one] < ranks[other])


@kernel(allocates=True)
def shared_counts(offsets, sets, left, right):
    """How many members the sets `left[i]` and `right[i]` share; sets are those of `minhash.distinct_shingles`."""
    counts = np.zeros(left.size, np.int64)
    for pair in range(left.size):
        one, one_end = offsets[left[pair]], offsets[left[pair] + 1]
        two, two_end = offsets[right[pair]], offsets[right[pair] + 1]
        while one < one_end and two < two_end:
            if sets[one] == sets[two]:
                counts[pair] += 1
                one += 1
                two += 1
            elif sets[one] < sets[two]:
                one += 1
            else:
                two += 1
    return counts


@kernel()
def first_alike(similarities, kept, begin, threshold, matches, best):
    """Go through documents in order, and keep those that are like no document kept before.

    Args:
        similarities: float32 of shape (documents of this block, documents up to its end).
        kept: bool, of the documents before this block; written for those in it.
        begin: how many documents are before this block.
        threshold: similarity from which two are alike.
        matches, best: int64 and float64, written where a document is not kept: the most similar kept one, and how much.
    """
    for row in range(similarities.shape[0]):
        document = begin + row
        match, most = -1, np.float64(-2.0)
        for other in range(document):
            if kept[other] and similarities[row, other] > most:
                match, most = other, np.float64(similarities[row, other])
        kept[document] = match < 0 or most < threshold
        if not kept[document]:
            matches[document], best[document] = match, most
