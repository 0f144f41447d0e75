"""Classes of licences as published corpora drew them: what a row must be under to belong to one of their tiers.

Our tiers (`tiers`) say what a licence allows; a class says which licences, and stated how near to the text, a published
corpus took. A mixture may ask for both, and then both must hold.

| class | holds | of our tiers |
|---|---|---|
| open_license_corpus/public_domain | dedications and marks of the public domain, works of the U.S. government | 0, 3 |
| open_license_corpus/permissive_software | the MIT, BSD and Apache families | 0, 1 |
| open_license_corpus/attribution | CC BY and CC BY-SA of any version and jurisdiction | 1, 2 |
| mixture_vitae/tier_1 | public domain and permissive, stated by the document itself | 0, 1 |
| mixture_vitae/tier_2 | the same, stated for a whole source or repository; CC BY-SA | 0, 1, 2 |
| mixture_vitae/tier_3 | government works and text-and-data-mining rights | 3 |
| the_stack/permissive | what ScanCode calls permissive or public domain | 0, 1 |

Sources, and how far they could be read:

- Open License Corpus: Min et al. 2023, SILO Language Models, https://arxiv.org/abs/2308.04430, section 3. The section
  itself could not be read here; the lists are those of the corpus's data card
  (https://huggingface.co/datasets/kernelmachine/open-license-corpus, column 'Specific License': Public Domain;
  MIT/BSD/Apache, Apache, MIT/Apache; CC BY-SA), whose folders are called pd_, sw_ and ccby_. Case law of the United
  States is in pd_, hence government works are, too. The model's names add up: PD, PDSW, PDSWBY.
- MixtureVitae: Nguyen et al. 2025, https://arxiv.org/abs/2509.25531, 'Licensing Tiers and Risk Profiles', read in the
  authors' repository (https://github.com/ontocord/mixturevitae, poster/overleaf/sections/dataset.tex). Tier 1 is
  'explicit open licenses and public domain' (CC0, CC-BY, Apache 2.0, MIT, BSD). Tier 2(a) is licensed as a corpus or
  repository, so that 'provenance is only partially tracked at the file or example level', as The Stack and what comes
  from Wikipedia; that statements of a repository and of the registry are such is our reading. Tier 2(b), synthetic text
  of restricted models, has no rows here: nothing is generated. Tier 3 is civic and governmental works; to it count
  works that may be mined for text and data in the European Union, which the abstract names beside them. Copyleft
  software is in no tier ('Non-GPL open source license', table 'Breakdown of the Dataset by Source and License').
- The Stack v2: Lozhkov et al. 2024, https://arxiv.org/abs/2402.19173, read in the authors' repository
  (https://github.com/bigcode-project/the-stack-v2, the_stack/3_file_dataset/get_license_types.py): permissive are files
  all of whose licences are in a list, made of Blue Oak's and of ScanCode's categories Permissive and Public Domain. The
  list itself (bigcode-data/license_list) could not be read here: the class is the two categories of ScanCode. What Blue
  Oak lists beyond them is copyleft or restricted for ScanCode, and is left out; a test names it. So are files without
  any licence, which The Stack v2 kept apart as 'no_license'.

What is stated reserved is of no class. Belongs here: the classes. Does not: which of them a mixture takes (the recipe).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.spdx import expressions
from data_platform.spdx.tiers import GOVERNMENT, PERMISSIVE, PUBLIC_DOMAIN, TIER_OF_LICENSE, tier_of_license

LicenseClass = Literal[
    "open_license_corpus/public_domain", "open_license_corpus/permissive_software", "open_license_corpus/attribution",
    "mixture_vitae/tier_1", "mixture_vitae/tier_2", "mixture_vitae/tier_3", "the_stack/permissive",
]
"""Classes of licences as published corpora drew them; `schemes.py` says what each holds."""

if TYPE_CHECKING:
    from boolean import Expression

_FAR = frozenset({"distribution", "package", "license_file", "classifier", "registry", "none", "parents"})
"""Bases that speak for a whole source or repository, not for the document; of a text made of others, whose bases may be
any, nothing closer is known."""
_SOFTWARE = re.compile(r"(?:0?BSD|MIT|MITNFA|Apache)(?:-.*)?")
_ATTRIBUTION = re.compile(r"CC-BY(?:-SA)?-\d.*|LicenseRef-cc-by(?:-sa)?")
_SHARE_ALIKE = re.compile(r"CC-(?:BY-)?SA-\d.*|LicenseRef-cc-by-sa")
_BY_STATUTE = frozenset({expressions.US_GOVERNMENT, "NCBI-PD", "NIST-PD", "NTIA-PD"})


def _is_public_domain(name: str) -> bool:
    return (tier_of_license(name) == PUBLIC_DOMAIN and not _SOFTWARE.fullmatch(name)) or name in _BY_STATUTE


def _is_permissive(name: str) -> bool:
    return tier_of_license(name) in (PUBLIC_DOMAIN, PERMISSIVE)


def _is_permissive_software(name: str) -> bool:
    return _is_permissive(name) and _SOFTWARE.fullmatch(name) is not None


def _is_attribution(name: str) -> bool:
    return _ATTRIBUTION.fullmatch(name) is not None


_Rule = Callable[[str, str], bool]
CLASSES: dict[str, _Rule] = {
    "open_license_corpus/public_domain": lambda name, basis: _is_public_domain(name),
    "open_license_corpus/permissive_software": lambda name, basis: _is_permissive_software(name),
    "open_license_corpus/attribution": lambda name, basis: _is_attribution(name),
    "mixture_vitae/tier_1": lambda name, basis: basis not in _FAR and _is_permissive(name),
    "mixture_vitae/tier_2": lambda name, basis: (
        (basis in _FAR and _is_permissive(name)) or _SHARE_ALIKE.fullmatch(name) is not None
    ),
    "mixture_vitae/tier_3": lambda name, basis: tier_of_license(name) == GOVERNMENT,
    "the_stack/permissive": lambda name, basis: _is_permissive(name),
}
"""Whether a single licence, stated on a basis, is of the class."""

if TIER_OF_LICENSE[expressions.OPT_OUT] in (PUBLIC_DOMAIN, PERMISSIVE, GOVERNMENT):
    raise AssertionError("a reservation would be of a class")


def is_of(classes: Iterable[str], spdx: str, basis: str) -> bool:
    """Whether a licence is of the `classes`: every licence that holds is of one of them; of a choice, one is enough.

    Without classes everything is. What is not a valid expression is of none.

    Raises:
        KeyError: if there is no such class.
    """
    return _is_of(tuple(classes), spdx, basis)


@lru_cache(maxsize=65_536)
def _is_of(classes: tuple[str, ...], spdx: str, basis: str) -> bool:
    rules = [CLASSES[name] for name in classes]
    if not rules:
        return True
    try:
        return _holds(rules, expressions.parse(spdx), basis)
    except ValueError:
        return False


def _holds(rules: Sequence[_Rule], node: Expression, basis: str) -> bool:
    licensing = expressions.licensing()
    if isinstance(node, licensing.AND):
        return all(_holds(rules, part, basis) for part in node.args)
    if isinstance(node, licensing.OR):
        return any(_holds(rules, part, basis) for part in node.args)
    # An exception (WITH) only ever adds permissions.
    return any(rule(getattr(node, "license_symbol", node).key, basis) for rule in rules)


def mask_of(classes: Iterable[str], spdx: pa.ChunkedArray, basis: pa.ChunkedArray) -> pa.Array:
    """`is_of` per row: each distinct pair of licence and basis is asked for once."""
    classes = tuple(classes)
    pairs = pa.table({"spdx": spdx, "basis": basis})
    known = pairs.group_by(["spdx", "basis"]).aggregate([])
    holds = pa.array([is_of(classes, *row.values()) for row in known.select(["spdx", "basis"]).to_pylist()], pa.bool_())
    place = pc.index_in(_joined(pairs), _joined(known).combine_chunks())
    return holds.take(place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place)


def _joined(pairs: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(pairs["spdx"], pairs["basis"], "\n")
