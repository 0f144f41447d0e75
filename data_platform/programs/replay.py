"""Replaying programs: the texts that they make, held against what was written beside them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError


class ReplayDiffers(PlainError, RuntimeError):
    """A program does not make of its text what the table of programs says. The message counts the documents."""


def replay(text: pa.Array, program: pa.Array, bytes_after: pa.Array) -> pa.StructArray:
    """The texts that programs make, and their sizes.

    Raises:
        ReplayDiffers: if a size is not the one that was written beside the program.
    """
    from data_platform.programs.interpreter import interpret

    refined = interpret(text, program).text
    sizes = pc.binary_length(refined).cast(pa.int64())
    if differing := len(text) - pc.sum(pc.equal(sizes, bytes_after), min_count=0).as_py():
        # Better no table than one with what should have been redacted.
        raise ReplayDiffers(f"{differing} of {len(text)} documents differ in size from what their programs said")
    return pa.StructArray.from_arrays([refined, sizes], ["text", "byte_count"])
