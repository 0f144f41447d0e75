"""What of the reference texts of a recipe decides what is learned from them."""

from __future__ import annotations

from data_platform.filtering.settings import Filters


def reference_state(filters: Filters) -> dict[str, list[list[str]]]:
    """What changes when a reference text does."""
    from data_platform.filtering.reference import reference_archives

    return {
        language: sorted([archive.name, archive.fingerprint] for archive in archives)
        for language, archives in reference_archives(filters.reference).items()
    }
