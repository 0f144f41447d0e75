"""How groups of words are found in bytes, all of them in one pass: a table of steps for compiled loops.

Not here: the words (`scan`, `features`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def automaton(groups: Iterable[tuple[int, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Aho and Corasick's automaton (CACM 18(6), 1975) over groups of words.

    Args:
        groups: a bit, 0 to 63, and words parted by blanks that set it. `_` is a byte of class 0.

    Returns:
        int16, next state by state and class of byte; and uint64, the bits of what is found in each state.
    """
    children: list[dict[int, int]] = [{}]
    found = [0]
    for bit, words in groups:
        for word in words.split():
            state = 0
            for letter in word:
                step = 0 if letter == "_" else 27 if letter.isdigit() else ord(letter) - 96
                if step not in children[state]:
                    children[state][step] = len(children)
                    children.append({})
                    found.append(0)
                state = children[state][step]
            found[state] |= 1 << bit
    delta = np.zeros((len(children), 28), np.int16)
    fail = [0] * len(children)
    queue = list(children[0].values())
    for step, child in children[0].items():
        delta[0, step] = child
    for state in queue:
        found[state] |= found[fail[state]]
        delta[state] = delta[fail[state]]
        for step, child in children[state].items():
            fail[child] = int(delta[fail[state], step])
            delta[state, step] = child
            queue.append(child)
    return delta, np.array(found, np.uint64)


def _classes() -> np.ndarray:
    """Class of a byte: letters 1 to 26 whatever their case, digits 27, 0 all others."""
    classes = np.zeros(256, np.uint8)
    for letter in range(26):
        classes[97 + letter] = classes[65 + letter] = letter + 1
    classes[48:58] = 27
    return classes


CLASSES = _classes()
