"""Proxies side by side: processor time per proxy in stacks of several sizes, beside one after another.

Times are of processors, so that other work on the machine counts little; one thread.

    python -m benchmarks.proxies [--sizes 300k,1M] [--stacks 1,3,9] [--tokens N]
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.common import show
from data_platform.lab.ground import CONTEXT, VOCABULARY
from data_platform.proxy.held_out import Measured
from data_platform.proxy.ladder import schedule, shape_of
from data_platform.proxy.train import train


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default="300k,1M")
    options.add_argument("--stacks", default="1,3,9")
    options.add_argument("--tokens", type=int, default=20_000)
    given = options.parse_args()
    chance, rows = np.random.default_rng(0), []
    measured = {"any": Measured.of([chance.integers(1, VOCABULARY, CONTEXT)], [1], CONTEXT)}
    for size in given.sizes.split(","):
        shape = shape_of(size)
        planned = schedule(shape.parameters(VOCABULARY), given.tokens, CONTEXT)
        alone = None
        for stack in map(int, given.stacks.split(",")):
            read = [chance.integers(1, VOCABULARY, (planned.steps * planned.sequences, CONTEXT + 1)).astype(np.int32)
                    for _ in range(stack)]
            found = train(shape, VOCABULARY, planned, list(range(stack)), read, measured)
            each = found.processor_seconds / stack
            alone = alone or each
            rows.append([size, stack, planned.sequences, each, planned.tokens / each, alone / each])
    show("Processor seconds per proxy", ("size", "side by side", "sequences a step", "s per proxy", "tokens/s",
                                            "ratio"), rows)


if __name__ == "__main__":
    main()
