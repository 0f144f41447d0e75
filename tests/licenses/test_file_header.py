"""Limits in the head of a source file, with and without a licence beside them."""

from __future__ import annotations

import pytest

from data_platform.licenses.file_header import observations
from data_platform.spdx.tiers import tier

BSD_END = ("Neither the name of the copyright holder nor the names of its contributors may be used to endorse or "
           "promote products derived from this software without specific prior written permission.")


def most_restrictive(head: str) -> int:
    """The tier of the strictest statement in the head of a file, 0 if nothing is stated."""
    return max((tier(found.license_spdx) for found in observations(head.encode(), notices=True)), default=0)


@pytest.mark.parametrize("head", [
    "# Copyright 2020 Roe. Non-commercial use only.\nx = 1\n",
    "# CONFIDENTIAL. Property of Example Corp. Do not distribute.\nx = 1\n",
    "// This file may not be used to train language models.\nint x;\n",
    "/*\n * (c) 2019 Example\n * Company Confidential\n */\nint x;\n",
    "// Unpublished code of Example. Reproduction in whole or in part\n"
    "// without prior written consent is forbidden.\nint x;\n",
    "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\"\"\"A tool.\n\nFor academic use only.\n\"\"\"\nimport os\n",
    "<?php\n/* Not for resale. */\n", "--[[ This script is for personal use only ]]\nlocal x\n",
    "# SPDX-License-Identifier: MIT\n# Commercial use requires a paid licence.\nx = 1\n",
    "# MIT License\n# Not for commercial redistribution\nx = 1\n", "{- Do not redistribute. -}\nmain = x\n",
    "# All rights reserved. Unauthorized copying of this file, via any medium, is strictly prohibited.\nx = 1\n",
])
def test_limits_in_comments_hold_for_the_file(head: str) -> None:
    assert most_restrictive(head) == 5


@pytest.mark.parametrize("head", [
    "# Copyright 2020 Roe. All rights reserved.\nx = 1\n",
    "# This module must not be imported by others; it is for internal use only.\nx = 1\n",
    "# Train a model on this data; do not distribute it over workers.\nx = 1\n",
    "# Private: may only be called once.\nx = 1\n",
    f"# SPDX-License-Identifier: BSD-3-Clause\n# {BSD_END}\nx = 1\n",
    "x = 1\n# Non-commercial use only.\n", "text = 'Do not redistribute this software.'\n",
    "\"\"\"Reads licences: 'commercial' and 'non-commercial' ones.\"\"\"\n",
])
def test_comments_on_what_code_does_restrict_nothing(head: str) -> None:
    assert most_restrictive(head) < 4
