"""The compiled loops of language identification: from UTF-8 bytes to a label, its probability and a script.

Here belongs fastText's inference, operation by operation in the order of its C++ (facebookresearch/fastText 0.9.2,
dictionary.cc, loss.cc), so that single precision rounds the same and the answers are equal to the last bit. Not here:
the model file (`fasttext.py`) and what labels mean (`language/labels.py`). This module imports numba; import it where
a kernel is called.

Why not the library: its binding gives the same labels, a text per call. Asked for the same excerpts of 596 web pages of
6,300 characters in the mean, one core answers for 2,200 pages a second with it and for 16,000 here, where the scripts
of the letters are counted in the same pass; extraction takes 500 pages a second, of which it would take a fifth. And it
reads a model into the memory of every process, where the worker processes of a machine share the mapped file here.
"""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part

SPACE = 255
"""Class of white space in the script table: `scripts.SPACE`."""

_FNV_OFFSET = np.uint32(2166136261)
_FNV_PRIME = np.uint32(16777619)
_NGRAM_PRIME = np.uint64(116049371)
_LABEL = np.frombuffer(b"__label__", np.uint8)
_END = np.frombuffer(b"</s>", np.uint8)
_BLANK, _LESS, _GREATER = 0x20, 0x3C, 0x3E

_HIERARCHICAL, _SOFTMAX = 1, 3
_LEAST_LOG = np.float32(np.log(1e-5))

# fastText's table of the logistic function from -8 to 8, and its mix of precisions.
_EXP = np.exp(8 - np.arange(513) / 32).astype(np.float32)
_SIGMOID = (1.0 / (1.0 + _EXP.astype(np.float64))).astype(np.float32)


@part()
def _extend(state, byte):
    """One step of FNV-1a. fastText reads bytes as signed."""
    return np.uint32((state ^ np.uint32(np.int32(np.int8(byte)))) * _FNV_PRIME)  # numba widens the product


@kernel(allocates=True)
def fill_slots(names, offsets, slots):
    """The hash of every name, and an open table of `slots` (a power of two) from hash to the name's index."""
    hashes = np.empty(offsets.size - 1, np.uint32)
    table = np.full(slots, -1, np.int32)
    for name in range(hashes.size):
        state = _FNV_OFFSET
        for at in range(offsets[name], offsets[name + 1]):
            state = _extend(state, names[at])
        hashes[name] = state
        slot = np.int64(state) & (slots - 1)
        while table[slot] >= 0:
            slot = (slot + 1) & (slots - 1)
        table[slot] = name
    return hashes, table


@part()
def _equal(left, right, first, last):
    """Whether `left` is `right[first:last]`."""
    if left.size != last - first:
        return False
    for at in range(left.size):  # noqa: SIM110 (as all() it would be a generator, which numba cannot inline)
        if left[at] != right[first + at]:
            return False
    return True


@part()
def _find(token, state, model):
    """Index of a token with hash `state` among words and labels, -1 if it is neither."""
    slots = model.slots.size
    slot = np.int64(state) & (slots - 1)
    while model.slots[slot] >= 0:
        name = model.slots[slot]
        if model.hashes[name] == state and _equal(
            token, model.names, model.name_offsets[name], model.name_offsets[name + 1]
        ):
            return np.int64(name)
        slot = (slot + 1) & (slots - 1)
    return np.int64(-1)


@part()
def _subwords(word, model, rows):
    """Write the rows of the character n-grams of `word`, which is in angle brackets, to `rows`. Returns how many.

    Three loops over the n-grams of a word, none of which jumps by chance: most n-grams of a pruned model have no row,
    and a processor that guesses wrong at every eighth of them loses more time than all the rest takes.
    """
    longest = model.maxn
    shortest = model.minn
    size = word.size
    found = np.uint64(0)
    for first in range(size):
        if word[first] & 0xC0 == 0x80:
            continue
        state = _FNV_OFFSET
        at = first
        length = 1
        while at < size and length <= longest:
            state = _extend(state, word[at])
            at += 1
            while at < size and word[at] & 0xC0 == 0x80:
                state = _extend(state, word[at])
                at += 1
            if length >= shortest and not (length == 1 and (first == 0 or at == size)):
                rows[found] = np.int64(state)
                found += np.uint64(1)
            length += 1
    buckets = np.int64(model.bucket)
    reciprocal = 1.0 / buckets
    pruned = model.pruned > 0
    present = model.present
    kept = np.uint64(0)
    for ngram in range(found):
        state = rows[np.uint64(ngram)]
        # The remainder without a division: the quotient is off by one at the most.
        bucket = state - np.int64(state * reciprocal) * buckets
        bucket += buckets if bucket < 0 else 0
        bucket -= buckets if bucket >= buckets else 0
        rows[kept] = bucket
        if pruned:
            at_byte = np.uint64(bucket) >> np.uint64(3)
            kept += np.uint64(present[at_byte] >> np.uint8(bucket & 7) & 1)
        else:
            kept += np.uint64(1)
    words = np.int64(model.words)
    for ngram in range(kept):
        bucket = np.uint64(rows[np.uint64(ngram)])
        rows[np.uint64(ngram)] = words + (np.int64(model.row_of_bucket[bucket]) if pruned else np.int64(bucket))
    return np.int64(kept)


@part()
def _features(line, model, bracketed, hashes, rows):
    """Write the rows of all features of `line` to `rows`, in fastText's order. Returns how many there are.

    Args:
        line: UTF-8, words separated by blanks or null bytes.
        bracketed: room for the longest word and two bytes.
        hashes: room for the hash of every word and of the end.
        rows: room for the rows.
    """
    found = 0
    words = 0
    at = 0
    while at <= line.size:
        if at == line.size:
            token = _END  # as the line break that ends every line
        else:
            if line[at] == _BLANK or line[at] == 0:
                at += 1
                continue
            first = at
            while at < line.size and line[at] != _BLANK and line[at] != 0:
                at += 1
            token = line[first:at]
        state = _FNV_OFFSET
        for byte in token:
            state = _extend(state, byte)
        word = _find(token, state, model)
        is_end = _equal(_END, token, 0, token.size)
        is_label = word >= model.words or (
            word < 0 and token.size >= _LABEL.size and _equal(_LABEL, token, 0, _LABEL.size)
        )
        if not is_label:
            hashes[words] = state
            words += 1
            if word >= 0:
                rows[found] = word
                found += 1
            if not is_end and model.maxn > 0 and model.pruned != 0:
                bracketed[0] = _LESS
                for byte in range(token.size):
                    bracketed[byte + 1] = token[byte]
                bracketed[token.size + 1] = _GREATER
                found += _subwords(bracketed[: token.size + 2], model, rows[found:])
        if is_end:
            break
    for first in range(words if model.word_ngrams > 1 and model.pruned != 0 else 0):
        state = np.uint64(np.int64(np.int32(hashes[first])))  # fastText keeps hashes as signed numbers
        for following in range(first + 1, min(words, first + model.word_ngrams)):
            state = state * _NGRAM_PRIME + np.uint64(np.int64(np.int32(hashes[following])))
            row = np.int64(state % np.uint64(model.bucket))
            if model.pruned > 0:
                row = np.int64(model.row_of_bucket[row])
            if row >= 0:
                rows[found] = np.int64(model.words) + row
                found += 1
    return found


@part()
def _mean(embeddings, rows, hidden):
    """Write the mean of some rows of `embeddings` to `hidden`."""
    hidden[:] = np.float32(0)
    for row in rows:
        for dimension in range(hidden.size):
            hidden[dimension] += embeddings[row, dimension]
    share = np.float32(1.0 / rows.size)
    for dimension in range(hidden.size):
        hidden[dimension] *= share


@part()
def _log(value):
    """fastText's logarithm: never of 0."""
    return np.float32(np.log(np.float64(value) + 1e-5))


@part()
def _best_leaf(hidden, model, stack, scores):
    """Label and log probability of the most likely leaf of the Huffman tree; label -1 if all are too unlikely."""
    leaves = (model.left.size + 1) // 2
    best = -1
    best_score = np.float32(-np.inf)
    depth = 1
    stack[0] = model.left.size - 1
    scores[0] = np.float32(0)
    while depth:
        depth -= 1
        node = stack[depth]
        score = scores[depth]
        if score < _LEAST_LOG or score < best_score:
            continue
        if model.left[node] < 0:
            best, best_score = node, score
            continue
        dot = np.float32(0)
        for dimension in range(hidden.size):
            dot += hidden[dimension] * model.outputs[dimension, node - leaves]
        dot *= model.scales[node - leaves]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.exp(-dot)))
        stack[depth] = model.right[node]  # taken after the left one
        scores[depth] = score + _log(right)
        stack[depth + 1] = model.left[node]
        scores[depth + 1] = score + _log(np.float32(1.0 - np.float64(right)))
        depth += 2
    return best, best_score


@part()
def _best_output(hidden, model, scores):
    """Label and log probability of the most likely class of a flat loss."""
    scores[:] = np.float32(0)
    for dimension in range(hidden.size):
        for label in range(scores.size):
            scores[label] += hidden[dimension] * model.outputs[dimension, label]
    for label in range(scores.size):
        scores[label] *= model.scales[label]
    if model.loss == _SOFTMAX:
        largest = scores[0]
        for label in range(scores.size):
            largest = max(largest, scores[label])
        total = np.float32(0)
        for label in range(scores.size):
            scores[label] = np.float32(np.exp(np.float64(scores[label] - largest)))
            total += scores[label]
        for label in range(scores.size):
            scores[label] /= total
    else:
        for label in range(scores.size):
            if scores[label] < -8:
                scores[label] = np.float32(0)
            elif scores[label] > 8:
                scores[label] = np.float32(1)
            else:
                scores[label] = _SIGMOID[np.int64((scores[label] + np.float32(8)) * np.float32(512) / 16)]
    best = 0
    for label in range(scores.size):
        if scores[label] >= scores[best]:
            best = label
    return best, _log(scores[best])


@part()
def _excerpts(text, excerpts, length, pages, scripts, line, counts):
    """Write the excerpts of `text` to `line`, runs of white space as one blank, and count their letters by script.

    Returns how many bytes were written.
    """
    characters = 0
    for byte in text:
        characters += byte & 0xC0 != 0x80
    step = (characters - length) // (excerpts - 1)
    if characters <= excerpts * length:
        excerpts, step, length = 1, 0, characters
    written = 0
    passed = 0
    at = 0
    for excerpt in range(excerpts):
        while passed < excerpt * step:
            passed += 1
            at += 1
            while at < text.size and text[at] & 0xC0 == 0x80:
                at += 1
        blank = written > 0
        for _ in range(length):
            first = at
            code_point = np.int64(text[at])
            at += 1
            if code_point >= 0x80:
                while at < text.size and text[at] & 0xC0 == 0x80:
                    code_point = code_point << 6 | np.int64(text[at] & 0x3F)
                    at += 1
                code_point &= (1 << (5 * (at - first) + 1)) - 1  # 11, 16 or 21 bits in 2, 3 or 4 bytes
            script = scripts[np.int64(pages[code_point >> 8]) << 8 | code_point & 0xFF]
            if script == SPACE:
                blank = written > 0
                continue
            counts[script] += 1
            if blank:
                line[written] = _BLANK
                written += 1
                blank = False
            for byte in range(first, at):
                line[written] = text[byte]
                written += 1
        passed += length
    return written


@kernel(allocates=True)
def identify(offsets, data, model, excerpts, length, pages, scripts, n_scripts):
    """The most likely label of each text, and how many letters of each script it has.

    Args:
        offsets, data: the texts, as `TextBuffers`.
        model: `fasttext.Parameters`.
        excerpts, length: a text of more than `excerpts * length` code points is judged by so many excerpts of that
            length, spread evenly over it.
        pages, scripts: the script table.
        n_scripts: number of classes in it, without white space. Class 0 is no letter.

    Returns:
        int32 labels, -1 for texts without a letter; float32 probabilities; int32[texts, n_scripts] letters by script.
    """
    texts = offsets.size - 1
    labels = np.full(texts, -1, np.int32)
    probabilities = np.zeros(texts, np.float32)
    counts = np.zeros((texts, n_scripts), np.int32)
    room = 0
    for text in range(texts):
        room = max(room, offsets[text + 1] - offsets[text])
    room = min(room, 4 * excerpts * length) + excerpts + 8
    line = np.empty(room, np.uint8)
    bracketed = np.empty(room + 2, np.uint8)
    hashes = np.empty(room // 2 + 2, np.uint32)
    # Every code point, and two brackets per word, begin n-grams of so many lengths; every word is a row, and begins
    # word n-grams.
    rows = np.empty(2 * (room + 2) * max(1, model.maxn - model.minn + 1) + room * max(1, model.word_ngrams), np.int64)
    hidden = np.empty(model.rows.shape[1], np.float32)
    stack = np.empty(model.left.size + 1, np.int64)
    scores = np.empty(model.left.size + 1 if model.loss == _HIERARCHICAL else model.scales.size, np.float32)
    for text in range(texts):
        bytes_ = data[offsets[text] : offsets[text + 1]]
        written = _excerpts(bytes_, excerpts, length, pages, scripts, line, counts[text])
        counts[text, 0] = 0
        if not counts[text].any():
            continue
        found = _features(line[:written], model, bracketed, hashes, rows)
        if found == 0:
            continue
        _mean(model.rows, rows[:found], hidden)
        if model.loss == _HIERARCHICAL:
            label, score = _best_leaf(hidden, model, stack, scores)
        else:
            label, score = _best_output(hidden, model, scores)
        labels[text] = label
        if label >= 0:
            probabilities[text] = np.exp(score)
    return labels, probabilities, counts
