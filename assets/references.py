"""Where the code and the recipe behind an asset stand, so that a page leads to them: in the checkout, or at GitHub or
GitLab where the checkout has such a remote and the commit stands there as it is.
"""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from functools import partial
from pathlib import Path

import dagster as dg

from data_platform.core.checkout import checkout, git_commit, web_address
from data_platform.run.stage import Stage


def code_references(stage: Stage, recipe_path: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """References to what a stage runs, to the methods that it computes with, and to the recipe."""
    run = stage.run.func if isinstance(stage.run, partial) else stage.run
    places = [(inspect.getfile(run), inspect.unwrap(run).__code__.co_firstlineno, f"stage {stage.name}")]
    places += [(str(sys.modules[method.__module__].__file__), 1, f"method {method.name}") for method in stage.methods]
    places.append((os.path.abspath(recipe_path), 1, "recipe"))
    with warnings.catch_warnings():
        # In beta, and the only way to the code from an asset's page.
        warnings.simplefilter("ignore", dg.BetaWarning)
        found = dg.CodeReferencesMetadataValue(code_references=[_reference(*place) for place in places])
    return {"dagster/code_references": found}


def _reference(path: str, line: int, label: str) -> dg.LocalFileCodeReference | dg.UrlCodeReference:
    address, folder, commit = web_address(), checkout(), git_commit()
    if address and folder and not commit.endswith("+") and Path(path).is_relative_to(folder):
        url = f"{address}/blob/{commit}/{Path(path).relative_to(folder).as_posix()}#L{line}"
        return dg.UrlCodeReference(url=url, label=label)
    return dg.LocalFileCodeReference(file_path=path, line_number=line, label=label)
