"""Orderers: in which order a mixture is trained on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from data_platform.core.kinds.method import Kind, Method

ORDERER = Kind(
    name="orderer", section="mixtures.<name>.order", folder="order", family="",
    rows="one position per document of the plan", partitioned=False, phase="mix",
    licence="none: a position is no text", takedown="positions are found anew from what stays",
)


class Orderer(Method):
    """Gives every document of a plan its place in training. The same plan gives the same order, however it comes.

    `columns(settings)` names what is read beside the plan, as for a selector.

    Of an example, `given` has a plan by column, and `gives` lists the positions of its rows.
    """

    kind: ClassVar[Kind] = ORDERER

    def positions(self, plan: pa.Table) -> np.ndarray:
        """The position of every row, int64: each number from 0 to the number of rows once.

        Args:
            plan: `doc_id`, `domain`, `token_count`, `epochs` and the columns that were asked for.
        """
        raise NotImplementedError
