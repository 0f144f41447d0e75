"""The compiled loops over word hashes: from a text's words to the buckets of its n-grams, and to its score.

Both functions walk n-grams by `_extend`, so that training and scoring see the same features. Not here: what a word is
(`text/words.py`), what the score means (`models/linear_classifier.py`). This module imports numba; import it where a
kernel is called.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part
from data_platform.kernels.hashing import GOLDEN

_HALF = np.uint64(32)
_COUNT = np.int64(0xFFFFFFFF)


@part()
def _extend(state, word, buckets):
    """Add a word to the hash of an n-gram; return the hash and the bucket of the longer n-gram.

    A polynomial over word hashes that are well mixed. The bucket is the upper half of the hash times `buckets`, shifted
    (Lemire 2019, "Fast Random Integer Generation in an Interval"): as even as a remainder, without a division.
    """
    state = state * GOLDEN + word
    return state, np.int64(((state >> _HALF) * np.uint64(buckets)) >> _HALF)


@kernel(allocates=True)
def ngram_buckets(offsets, words, ngram, buckets):
    """The bucket of every word n-gram of every text, of all lengths from 1 to `ngram`, with repetitions.

    Args:
        offsets: int64, one more than texts: text i has the words `offsets[i]` to `offsets[i + 1]`.
        words: uint64 hashes of the words.
        ngram: longest n-gram in words.
        buckets: number of buckets, at most 2**31.

    Returns:
        int64 offsets, one more than texts, and int64 buckets.
    """
    texts = offsets.size - 1
    found_offsets = np.zeros(texts + 1, np.int64)
    for text in range(texts):
        count = offsets[text + 1] - offsets[text]
        found_offsets[text + 1] = found_offsets[text]
        for length in range(1, ngram + 1):
            found_offsets[text + 1] += max(0, count - length + 1)
    found = np.empty(found_offsets[texts], np.int64)
    position = 0
    for text in range(texts):
        end = offsets[text + 1]
        for first in range(offsets[text], end):
            state = GOLDEN
            for word in range(first, min(first + ngram, end)):
                state, found[position] = _extend(state, words[word], buckets)
                position += 1
    return found_offsets, found


@kernel(allocates=True)
def score_ngrams(offsets, words, ngram, weights, intercept):
    """The logistic of `intercept` plus `weights` times the n-gram counts of a text, these at Euclidean length 1.

    Args:
        offsets, words, ngram: as for `ngram_buckets`.
        weights: float64, one per bucket.
        intercept: the score, before the logistic, of a text without words.

    Returns:
        float64 probabilities, one per text.
    """
    texts = offsets.size - 1
    scores = np.empty(texts, np.float64)
    # The text that last met a bucket, plus 1, in the upper half; how often it did in the lower. So nothing is cleared.
    seen = np.zeros(weights.size, np.int64)
    for text in range(texts):
        mark = np.int64(text + 1) << 32
        dot = 0.0
        square = 0.0
        end = offsets[text + 1]
        for first in range(offsets[text], end):
            state = GOLDEN
            for word in range(first, min(first + ngram, end)):
                state, bucket = _extend(state, words[word], weights.size)
                before = max(seen[bucket], mark)
                seen[bucket] = before + 1
                # (count + 1)^2 - count^2: the squared length grows with every n-gram.
                square += 2 * (before & _COUNT) + 1
                dot += weights[bucket]
        scores[text] = 1 / (1 + np.exp(-(intercept + (dot / np.sqrt(square) if square else 0.0))))
    return scores
