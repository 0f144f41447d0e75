"""The column registry is consistent with itself."""

from __future__ import annotations

import pytest

from data_platform.core.tables import FAMILIES, TABLES, table

EVERY = [*TABLES.values(), *(table(f"{family}_any") for family in FAMILIES)]


@pytest.mark.parametrize("declared", EVERY, ids=lambda declared: declared.name)
def test_keys_partitions_and_derivations_exist(declared) -> None:
    assert set(declared.key) <= set(declared.column_names)
    assert set(declared.partition_by) <= set(declared.column_names)
    assert len(set(declared.column_names)) == len(declared.columns)
    for column in declared.columns:
        assert column.description.endswith("."), f"{declared.name}.{column.name} lacks a sentence"
        for origin in column.derived_from:
            name, _, source = origin.partition(".")
            assert source in table(name), f"{declared.name}.{column.name} is derived from {origin}"


def test_an_unknown_table_says_which_are_declared() -> None:
    with pytest.raises(KeyError, match="documents"):
        table("document")
