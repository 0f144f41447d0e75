"""The parts of a recipe that say what counts as a copy, and what becomes of copies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.pairer import DocumentPairer
from data_platform.core.registry import Entries
from data_platform.core.settings import Part
from data_platform.methods.duplicates.containment import Containment
from data_platform.methods.duplicates.minhash import MinHash
from data_platform.methods.duplicates.passages import Lines, Paragraphs
from data_platform.methods.duplicates.semantic import Semantic
from data_platform.methods.duplicates.substrings import Substrings


class DuplicateGuards(Part):
    """What stops the line: a wrong setting must not wipe out a source."""

    max_removal_rate: float = Field(
        default=0.95, gt=0, le=1, description="Largest share of a source's documents that may be dropped as copies, "
        "and of those of a crawl that stay, that may go for repetition and evaluation items."
    )
    max_cluster_share: float = Field(
        default=0.25, gt=0, le=1, description="Largest share of all documents that one cluster may hold."
    )
    min_documents: int = Field(
        default=100, ge=1, description="Sources and tables with fewer documents are too small for these two rates."
    )
    min_alike: float = Field(
        default=0.4, ge=0, le=1, description="Least mean similarity of the members of a cluster to the copy that stays."
    )
    min_alike_members: int = Field(
        default=10, ge=2, description="Clusters with fewer members are too small for that mean."
    )


class Deduplication(MinHash.Settings):
    """Deduplication of whole documents across all snapshots. Defaults are FineWeb's (14 bands of 8, word 5-grams)."""

    kinds: tuple[Literal["url", "exact", "minhash"], ...] = Field(
        default=("exact", "minhash"), min_length=1, description="What makes two documents copies of each other: the "
        "canonical URL, the normalised text, a common band."
    )
    hashes: Literal["own", "datatrove-0.10"] = Field(
        default="own", description="Words, hashes and permutations: our own, or those of datatrove 0.10 for English, "
        "hash by hash, so that the pairs are the same ones; they take longer."
    )
    verify: float | None = Field(
        default=None, gt=0, le=1, description="Documents with a common band are copies only if their Jaccard "
        "similarity, measured on the texts, is at least this; null: the band is enough, as in FineWeb."
    )
    keep: tuple[
        Annotated[str, Field(pattern=r"^(license_tier|longest|shortest|earliest|latest|(highest|lowest):[a-z0-9_]+)$")],
        ...,
    ] = Field(
        default=("license_tier", "longest"), description="Which copy stays: license_tier, longest, shortest, earliest, "
        "latest, and highest:x or lowest:x of a quality signal x. The first difference decides, then doc_id."
    )
    rehydration: dict[int, int] = Field(
        default_factory=dict, description="How often the copy that stays is to be repeated, by the least cluster size "
        "that it holds for, such as {2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}; once if nothing is said."
    )
    guards: DuplicateGuards = Field(default_factory=DuplicateGuards)

    @field_validator("rehydration")
    @classmethod
    def _counts(cls, value: dict[int, int]) -> dict[int, int]:
        if any(size < 1 or times < 1 for size, times in value.items()):
            raise ValueError("cluster sizes and repetitions are at least 1")
        return value


class Repetition(Part):
    """What repeats among the documents that stay after clusters. None is looked for unless named."""

    lines: Lines.Settings | None = Field(default=None, description="Lines, as in CCNet.")
    paragraphs: Paragraphs.Settings | None = Field(default=None, description="What stands between blank lines.")
    substrings: Substrings.Settings | None = Field(default=None, description="Exact substrings.")
    containment: Containment.Settings | None = Field(default=None, description="Documents that are part of others.")
    semantic: Semantic.Settings | None = Field(default=None, description="Documents that say the same.")
    pairs: Annotated[dict[str, Entry], Entries(DocumentPairer)] = Field(
        default_factory=dict, description="Further pairers of documents by name, with their settings, in order."
    )
    min_words: int = Field(
        default=0, ge=0, description="A document that is cut and left with fewer words is dropped."
    )

    @field_validator("pairs")
    @classmethod
    def _names(cls, value: dict[str, Entry]) -> dict[str, Entry]:
        if taken := sorted({"containment", "semantic"} & value.keys()):
            raise ValueError(f"{taken[0]} is a field of its own; a second one needs another name, and its `method`")
        return value
