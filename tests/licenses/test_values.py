"""Licences in fields of any name, type and nesting: what is there is read, or unknown; nothing is passed over."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.licenses.resolve import Statement, decide
from data_platform.licenses.values import fields_of, statements
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN
from data_platform.spdx.fields import role_of
from data_platform.spdx.tiers import tier

CLAIM = Statement("registry", "dataset", "CC-BY-4.0", 0.8)


def decided(row: dict) -> str:
    """What a row is under whose source claims CC-BY-4.0."""
    said = [Statement("row", "element" if part else "file", one.reading.spdx, one.reading.confidence)
            for one, part in fields_of(row)]
    return decide([*said, CLAIM]).license_spdx


@pytest.mark.parametrize(("name", "role"), [
    ("license", "states"), ("Licence", "states"), ("LICENSES", "states"), ("licenseId", "states"),
    ("max_stars_repo_licenses", "states"), ("dc:rights", "states"), ("dcterms:license", "states"), ("lizenz", "states"),
    ("licencia", "states"), ("licença", "states"), ("spdx_id", "states"), ("license_url", "points"),
    ("licenceUrl", "points"), ("licenseurl", "points"), ("license_type", "hints"), ("terms_of_use", "hints"),
    ("has_license", "hints"), ("copyright", "restricts"), ("opt_out", "reserves"), ("license_plate", None),
    ("driver_license", None), ("text", None), ("tokens", None), ("silence", None), ("slicense", None),
])
def test_names_of_fields(name: str, role: str | None) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize("row", [
    {"license": {"id": "CC-BY-NC-4.0"}}, {"license": [{"name": "CC-BY-NC-4.0"}]}, {"license": [["CC-BY-NC-4.0"]]},
    {"licenses": ["CC-BY-NC-4.0"]}, {"metadata": {"license": "CC-BY-NC-4.0"}},
    {"meta": {"info": {"Licence": "cc-by-nc-4.0"}}},
    {"license_url": "https://creativecommons.org/licenses/by-nc/4.0/"}, {"rights": "CC BY-NC 4.0"},
    {"license": '{"id": "CC-BY-NC-4.0"}'}, {"license": "['CC-BY-NC-4.0']"}, {"license": {"CC-BY-NC-4.0": 0.9}},
    {"license": {"license": {"value": "CC-BY-NC-4.0"}}}, {"repo": [{"licence": {"spdx_id": "CC-BY-NC-4.0"}}]},
    {"license": {"identifier": "CC-BY-NC-4.0", "name": "Creative Commons Attribution Non Commercial 4.0"}},
    {"meta": '{"license": "CC-BY-NC-4.0"}'}, {"meta": "{'source': {'license': 'CC-BY-NC-4.0'}}"},
    {"meta": '{"inner": "{\\"license\\": \\"CC-BY-NC-4.0\\"}"}'},
    {"extra": [{"key": "license", "value": "CC-BY-NC-4.0"}]},
    {"metadata": [{"key": "dc.rights.uri", "value": "https://creativecommons.org/licenses/by-nc/4.0/"}]},
    {"fields": [["license", "CC-BY-NC-4.0"], ["lang", "en"]]}, {"tags": ["nlp", "license:cc-by-nc-4.0"]},
    {"\uff4c\uff49\uff43\uff45\uff4e\uff53\uff45": "CC-BY-NC-4.0"}, {"dc.rights": "CC-BY-NC-4.0"},
])
def test_every_form_of_a_statement_is_read(row: dict) -> None:
    assert decided(row) == "CC-BY-NC-4.0"


@pytest.mark.parametrize("row", [
    {"ai_training": "disallowed"}, {"ai_training": False}, {"allow_ai_training": "no"}, {"robots": "noai, noimageai"},
    {"headers": {"X-Robots-Tag": ["noindex", "noai"]}}, {"content_usage": "search=y, train-ai=n"},
    {"meta": '{"tdm-reservation": 1}'}, {"properties": [{"name": "noai", "value": True}]},
])
def test_reservations_are_read_in_every_form(row: dict) -> None:
    assert OPT_OUT in decided(row)


@pytest.mark.parametrize("row", [
    {"ai_training": "allowed"}, {"ai_training": True}, {"robots": "index, follow"}, {"content_usage": "train-ai=y"},
    {"keywords": ["rights", "law"]}, {"title": "[2020] {draft}"}, {"conditions": ["asthma"]},
    {"meta": '{"lang": "en"}'}, {"tags": ["topic:law", "year=2020"]}, {"points": [["x", 1], ["y", 2]]},
    {"classification": "internal medicine"}, {"distribution": "normal"}, {"labels": 3}, {"visibility": "public"},
    {"tags": "open source, no-code, use cases"}, {"tags": "MIT, python"}, {"tags": ["ai", "no"]},
    {"commercial_use": True}, {"open_access": True}, {"oa_status": "gold"}, {"derivatives": 0}, {"private": False},
    {"permissions": ["read"]}, {"train": False}, {"attribution": "Ada Author"}, {"privacy_policy": "not used by us"},
    {"cc": "a@example.org"}, {"intended_use": "chat"},
])
def test_what_does_not_speak_of_licences_says_nothing(row: dict) -> None:
    assert decided(row) == "CC-BY-4.0"


@pytest.mark.parametrize("row", [
    {"copyright_status": "in copyright"}, {"conditions": "You may not use this for commercial purposes."},
    {"license": 42}, {"license": True}, {"license": 0}, {"license": "our own terms"}, {"license": {"a": {"b": "c"}}},
    {"license": [1, 2]}, {"license": {"id": 7}}, {"license_url": "https://example.org/terms"}, {"rights": "ask us"},
    {"license": ["CC-BY-4.0", "house rules"]}, {"license": {"id": "CC-BY-4.0", "restrictions": "no adverts"}},
    {"license": "MIT", "license_notes": "do not use for commercial purposes"}, {"license": {"unread": "9 bytes"}},
    {"license_type": "permissive"}, {"terms_of_use": "https://example.org/terms"},
    {"license": "CC-BY-4.0", "usage": "only for academic research"}, {"license": "none"},
    {"ownership": "proprietary"}, {"ownership": {"type": "proprietary"}}, {"distribution": "internal use only"},
    {"meta": {"confidentiality": "strictly confidential"}}, {"visibility": "private"}, {"tlp": "TLP:AMBER+STRICT"},
    {"tags": "math,cc-by-nc-4.0,en"}, {"tags": ["noncommercial"]}, {"labels": "sports; proprietary"},
    {"tags": "nlp, license:other"}, {"permissions": "none"}, {"permissions": {"commercial": False}},
    {"commercial_use": False}, {"commercialUse": "no"}, {"can_be_sold": "no"}, {"redistribution_allowed": False},
    {"non_commercial": True}, {"research_only": "yes"}, {"is_private": 1}, {"no_derivatives": True},
    {"open_access": False}, {"oa_status": "closed"}, {"copyrighted": True}, {"intended_use": "research only"},
    {"publisher_policy": "no TDM"}, {"policy": {"train": "no"}}, {"usage_policy": "no-ai"},
    {"attribution": "By kind permission of A. Author. All rights reserved."}, {"Nutzungsrechte": "nur privat"},
    {"conditions d'utilisation": "usage privé uniquement"}, {"版权": "禁止商用"}, {"rights": {"derivatives": False}},
])
def test_what_is_there_and_cannot_be_read_is_not_free(row: dict) -> None:
    assert tier(decided(row)) >= 4


@pytest.mark.parametrize("row", [
    {}, {"license": None}, {"license": ""}, {"license": "  "}, {"license": []}, {"license": [None, ""]},
    {"license": {}},
    {"license": {"id": None}}, {"license": float("nan")}, {"license_plate": "B-XY 1"}, {"copyright": "2019 A. Author"},
    {"has_license": True}, {"metadata": {"tokens": 3}}, {"opt_out": False}, {"opt_out": "no"},
])
def test_nothing_said_leaves_the_word_to_the_registry(row: dict) -> None:
    assert decided(row) == "CC-BY-4.0"


@pytest.mark.parametrize(("row", "spdx"), [
    ({"license": "MIT", "license_url": "https://example.org/license"}, "MIT"),
    ({"license_type": "permissive", "detected_licenses": ["MIT"]}, "MIT"),
    ({"license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": "https://api.github.com/licenses/mit",
                  "node_id": "MDc6TGljZW5zZTEz"}}, "MIT"),
    ({"license": "CC0-1.0", "images": [{"license": "CC-BY-NC-4.0"}]}, "CC0-1.0"),
    ({"license_id": "cc-by", "license_title": "Creative Commons Attribution"}, "LicenseRef-cc-by"),
    ({"license": ["MIT", "GPL-3.0"]}, "GPL-3.0-only AND MIT"), ({"license": "MIT", "copyright": "2019 A"}, "MIT"),
    ({"license": "MIT", "copyright": "All rights reserved"}, "LicenseRef-all-rights-reserved AND MIT"),
    ({"license": "MIT", "tdm_reservation": 1}, f"{OPT_OUT} AND MIT"), ({"opt_out": "yes"}, f"CC-BY-4.0 AND {OPT_OUT}"),
])
def test_what_fields_amount_to_together(row: dict, spdx: str) -> None:
    assert sorted(decided(row).split(" AND ")) == sorted(spdx.split(" AND "))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_infinity=False) | st.text(max_size=12)
    | st.sampled_from(["CC-BY-NC-4.0", "MIT", "other", "https://example.org"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "name", "url", "license", "type", "x"]), inner, max_size=3), max_leaves=8,
)


def _speaks(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_speaks, value.values()))
    if isinstance(value, list):
        return any(map(_speaks, value))
    return not (value is None or value != value or (isinstance(value, str) and not value.strip()))


@given(VALUES)
def test_a_value_that_is_more_than_nothing_is_a_statement(value: object) -> None:
    found = statements(value)
    assert not found if not _speaks(value) else (found or isinstance(value, str))
    assert fields_of({"license": value}) == fields_of(json.loads(json.dumps({"license": value})))


@given(VALUES, st.lists(st.sampled_from(["meta", "license", "a"]), max_size=4))
def test_nesting_hides_nothing(value: object, path: list[str]) -> None:
    row: object = [value, {"license": "CC-BY-NC-4.0"}]
    for name in path:
        row = {name: row}
    assert "CC-BY-NC-4.0" in decided({"row": row})


def test_endless_nesting_is_unknown() -> None:
    value: object = "MIT"
    for _ in range(100):
        value = [value]
    assert UNKNOWN in decided({"license": value})
