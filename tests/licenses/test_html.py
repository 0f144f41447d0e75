# ruff: noqa: RUF001 - letters of other languages are meant
"""Licence statements in pages: what each says and what it covers."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.licenses.html import observations

BY = "https://creativecommons.org/licenses/by/4.0/"
NC = "https://creativecommons.org/licenses/by-nc/4.0/"


def seen(page: str) -> list[tuple[str, str, str]]:
    return [(one.location, one.scope, one.license_spdx) for one in observations(page.encode())]


def marked(page: str) -> list[tuple[str, str, str]]:
    """What is marked up, without what the sentences say."""
    return [one for one in seen(page) if one[0] != "statement"]


def test_rel_license_covers_the_page() -> None:
    assert seen(f'<head><link rel="license" href="{BY}"></head><body>x') == [("link", "page", "CC-BY-4.0")]
    assert seen(f'<body><div><p>Text <a rel="nofollow License" href="{BY}">licence</a>') == [
        ("anchor", "page", "CC-BY-4.0")
    ]


def test_rel_license_that_cannot_be_read_is_recorded() -> None:
    assert seen('<a rel="license" href="/terms">terms</a>') == [("anchor", "page", "LicenseRef-unknown")]


def test_a_link_in_the_content_or_under_a_picture_covers_an_element() -> None:
    anchor = f'<a href="{BY}">CC BY</a>'
    for page in (
        f"<article><p>{anchor}</article>",
        f"<footer><figure><figcaption>{anchor}</figcaption></figure></footer>",
        f'<div class="wp-caption"><p>{anchor}</p></div>',
        f'<div class="img-holder"><span class="license-type">{anchor}</span></div>',
        f'<figure><a rel="license" href="{BY}">CC BY</a></figure>',
        f"<p>{anchor}",
    ):
        assert marked(page) == [("anchor", "element", "CC-BY-4.0")], page


def test_a_link_in_the_footer_covers_the_site() -> None:
    anchor = f'<a href="{BY}">CC BY</a>'
    for page in (
        f"<footer><p>{anchor}</p></footer>",
        f'<div id="footer"><div>{anchor}</div></div>',
        f'<aside><div class="textwidget">{anchor}</div></aside>',
        f'<div class="copyright">{anchor}</div>',
    ):
        assert marked(page) == [("anchor", "site", "CC-BY-4.0")], page


def test_links_to_creative_commons_that_name_no_licence_say_nothing() -> None:
    assert seen('<footer><a href="https://creativecommons.org/">CC</a>'
                '<a href="http://creativecommons.org/licenses/">L</a></footer>') == []


def test_meta_elements() -> None:
    assert seen('<meta name="DCTERMS.license" content="CC BY-SA 3.0 DE">') == [("meta", "page", "CC-BY-SA-3.0-DE")]
    assert seen('<meta property="cc:license" content="' + BY + '">') == [("meta", "page", "CC-BY-4.0")]
    assert seen('<meta name="license" content="our terms">') == [("meta", "page", "LicenseRef-unknown")]
    assert seen('<meta name="copyright" content="Example Ltd">') == []
    assert seen('<meta name="copyright" content="Example Ltd. All rights reserved.">') == [
        ("meta", "page", "LicenseRef-all-rights-reserved")
    ]


def test_opt_outs() -> None:
    reserved = [("meta", "page", "LicenseRef-tdm-opt-out")]
    assert seen('<meta name="robots" content="index, NoAI, noimageai">') == reserved
    assert seen('<meta name="robots" content="noimageai">') == reserved
    assert seen('<meta name="tdm-reservation" content="1">') == reserved
    (found,) = observations(b'<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://a/p">')
    assert found.raw_value == "tdm-reservation: 1; tdm-policy: https://a/p"
    assert seen('<meta http-equiv="Content-Usage" content="train-ai=n">') == reserved
    assert seen('<meta name="tdm-reservation" content="0"><meta name="robots" content="noindex">') == [
        ("meta", "page", "LicenseRef-tdm-permitted")
    ]
    assert seen('<meta name="description" content="noai">') == []


def test_jsonld_with_graph_and_scope() -> None:
    page = (
        '<script type="application/ld+json">{"@context": "https://schema.org", "@graph": ['
        '{"@type": ["NewsArticle"], "license": "' + BY + '",'
        '"image": {"@type": "ImageObject", "license": "' + NC + '"}},'
        '{"@type": "WebPage", "license": {"@type": "CreativeWork", "name": "CC0", "url": "https://creativecommons.org/'
        'publicdomain/zero/1.0/"}}]}</script>'
    )
    assert seen(page) == [
        ("jsonld", "page", "CC-BY-4.0"), ("jsonld", "element", "CC-BY-NC-4.0"), ("jsonld", "page", "CC0-1.0"),
    ]


def test_microdata_of_an_image_covers_the_image() -> None:
    page = f'<div itemscope itemtype="https://schema.org/ImageObject"><a itemprop="license" href="{NC}">c</a></div>'
    assert seen(page) == [("microdata", "element", "CC-BY-NC-4.0")]


def test_microdata_and_rdfa_speak_of_the_item_they_are_in() -> None:
    article = f'<div itemscope itemtype="https://schema.org/Article"><link itemprop="license" href="{BY}"></div>'
    assert seen(article) == [("microdata", "page", "CC-BY-4.0")]
    site = f'<div itemscope itemtype="https://schema.org/WebSite"><a itemprop="license" href="{BY}">l</a></div>'
    assert marked(site) == [("microdata", "site", "CC-BY-4.0")]
    assert seen(f'<span property="dct:license" content="{BY}"></span>') == [("rdfa", "page", "CC-BY-4.0")]
    assert seen(f'<p><a rel="cc:license" href="{BY}">l</a></p>') == [("rdfa", "page", "CC-BY-4.0")]
    for types in ("sioc:Item foaf:Document", "cc:Work", "ex:Unheard"):
        assert seen(f'<div typeof="{types}"><a rel="license" href="{BY}">l</a></div>') == [
            ("anchor", "page", "CC-BY-4.0")
        ], types
    assert seen(f'<div about="photo.jpg"><a rel="license" href="{NC}">l</a></div>') == [
        ("anchor", "element", "CC-BY-NC-4.0")
    ]


def test_jsonld_of_other_works_and_of_the_site() -> None:
    page = (
        '<script type="application/ld+json">[{"@type": "WebSite", "schema:license": "' + BY + '"}, {"@type": "Article",'
        '"citation": {"@type": "Article", "license": "' + NC + '"}, "hasPart": [{"@type": "Recipe", "license": "MIT"}]}'
        "]</script>"
    )
    assert seen(page) == [
        ("jsonld", "site", "CC-BY-4.0"), ("jsonld", "element", "CC-BY-NC-4.0"), ("jsonld", "element", "MIT"),
    ]


def test_badges_without_a_link() -> None:
    badge = '<img src="https://i.creativecommons.org/l/by-sa/3.0/de/88x31.png">'
    assert seen(f"<footer>{badge}</footer>") == [("badge", "site", "CC-BY-SA-3.0-DE")]
    assert seen(f"<figure>{badge}</figure>") == [("badge", "element", "CC-BY-SA-3.0-DE")]


def test_a_badge_that_is_stricter_than_its_link_counts() -> None:
    link = f'<footer><a rel="license" href="{BY}">{{}}</a></footer>'
    anchor = ("anchor", "page", "CC-BY-4.0")
    assert seen(link.format('<img src="https://i.creativecommons.org/l/by/4.0/88x31.png">')) == [anchor]
    assert seen(link.format('<img src="a.png" alt="Creative Commons License">')) == [anchor]
    for shown, spdx in (('src="https://licensebuttons.net/l/by-nc-nd/4.0/88x31.png"', "CC-BY-NC-ND-4.0"),
                        ('src="x.png" alt="CC BY-SA 4.0"', "CC-BY-SA-4.0")):
        assert seen(link.format(f"<img {shown}>")) == [anchor, ("badge", "page", spdx)]


def test_a_footer_may_state_a_licence_in_words() -> None:
    footer = "<footer><p>Soweit nicht anders angegeben, stehen unsere Texte unter {}.</p></footer>"
    by = "Creative Commons Namensnennung 4.0"
    assert seen(footer.format(by)) == [("statement", "site", "CC-BY-4.0")]
    assert seen("<footer>© 2024 Example. All rights reserved.</footer>") == [
        ("statement", "site", "LicenseRef-all-rights-reserved")
    ]
    assert seen(f"<article><p>This article is published under {by}.</p></article>") == [
        ("statement", "page", "CC-BY-4.0")
    ]


def test_what_stands_in_menus_comments_and_scripts_is_no_licence_of_the_page() -> None:
    sentence = "All content is licensed under CC BY 4.0."
    assert seen(f"<nav><ul><li>{sentence}</li></ul></nav>") == [("statement", "element", "CC-BY-4.0")]
    assert seen(f'<div class="comment-body">{sentence}</div>') == [("statement", "element", "CC-BY-4.0")]
    for hidden in ("<script>// {}</script>", "<style>/* {} */</style>", "<!-- {} -->", '<p title="{}">x</p>'):
        assert seen(hidden.format(sentence)) == [], hidden


def test_the_credit_of_pictures_and_contributions_is_not_the_page() -> None:
    for subject in ("All photos on this site", "User contributions", "Alle Bilder auf dieser Seite"):
        page = f'<footer>{subject} are licensed under <a rel="license" href="{BY}">CC BY 4.0</a>.</footer>'
        assert {scope for _, scope, _ in seen(page)} == {"element"}, subject


def test_what_a_page_says_of_other_works_is_not_said_of_the_page() -> None:
    for sentence in ("The novel is available under CC BY 4.0.", "All these books are in the public domain.",
                     "Photos of NASA are works of the United States Government."):
        (found,) = seen(f"<article><p>{sentence}</p></article>")
        assert found[:2] == ("statement", "element"), sentence
    footer = "<footer>Unless otherwise noted, content on this site is in the public domain.</footer>"
    assert seen(footer) == [("statement", "site", "LicenseRef-public-domain")]
    assert seen("<article><p>This text is released under CC0.</p></article>") == [("statement", "page", "CC0-1.0")]


@pytest.mark.parametrize("denial", [
    "This site is not licensed under CC BY 4.0.", "The content of this site is no longer available under CC BY 4.0.",
    "Diese Seite steht nicht mehr unter CC BY 4.0.", "Ce site n'est pas sous licence CC BY 4.0.",
    "Este sitio no está bajo una licencia CC BY 4.0.", "Deze site valt niet onder CC BY 4.0.",
    "By submitting content you agree to license it under CC BY 4.0.", "Design: HTML5 UP, CC BY 4.0",
    "Foto: Wikimedia / A. Uthor, CC BY 4.0",
])
def test_a_footer_that_denies_a_licence_or_speaks_of_others_frees_nothing(denial: str) -> None:
    assert seen(f"<footer><p>{denial}</p></footer>") == [("statement", "element", "CC-BY-4.0")]
    for anchor in (f'<a href="{BY}">CC BY 4.0</a>', f'<a rel="license" href="{BY}">CC BY 4.0</a>'):
        page = f"<footer><p>{denial.replace('CC BY 4.0', anchor)}</p></footer>"
        if "Foto" not in denial or "rel" not in anchor:
            assert marked(page) == [("anchor", "element", "CC-BY-4.0")], page


def test_a_short_footer_is_not_read_as_part_of_the_text_before_it() -> None:
    for footer in (f'Icons by A. Uthor, <a href="{BY}">CC BY 4.0</a>',
                   f'Fonts: <a rel="license" href="{BY}">CC BY 4.0</a>',
                   f'Theme: Foo (<a href="{BY}">CC BY 4.0</a>)'):
        for text in ("Home Blog Site", "Text of the page about articles"):
            page = f"<body><div><p>{text}</p><footer><p>{footer}</p></footer></div>"
            assert {scope for _, scope, _ in seen(page)} == {"element"}, page


def test_words_of_exception_are_no_denial() -> None:
    for sentence in ("Sofern nicht anders angegeben, stehen alle Inhalte dieser Seite unter CC BY 4.0.",
                     "Si no se indica lo contrario, el contenido de este sitio está bajo una licencia CC BY 4.0",
                     "Se non è indicato altrimenti, i contenuti sono sotto licenza CC BY 4.0",
                     "Si ce n'est pas précisé autrement, le contenu est sous licence CC BY 4.0",
                     "Unless not otherwise noted, content of this site is licensed under CC BY 4.0.",
                     "This work is licensed under CC BY 4.0 and may not be sold under another name."):
        assert ("statement", "site", "CC-BY-4.0") in seen(f"<footer><p>{sentence}</p></footer>"), sentence


def test_what_stands_in_comments_and_quotations_is_declared_of_them() -> None:
    anchor = f'our content is <a rel="license" href="{BY}">CC BY</a>'
    for page in (f'<div class="comment-body"><p>{anchor}</div>', f'<ol id="responses"><li>{anchor}</ol>',
                 f"<blockquote>{anchor}</blockquote>", f'<li class="comment even thread-even" id="comment-12">{anchor}',
                 f'<div class="elementor-widget"><p>Foto: A. Uthor (<a href="{BY}">CC BY 4.0</a>)</p></div>'):
        assert marked(page) == [("anchor", "element", "CC-BY-4.0")], page
    assert marked(f'<article class="post comments-open"><p>{anchor}</article>') == [("anchor", "page", "CC-BY-4.0")]


def test_nodes_and_items_that_are_other_works() -> None:
    def jsonld(text: str) -> list[tuple[str, str, str]]:
        return seen(f'<script type="application/ld+json">{text}</script>')

    work = '{"@type": "ScholarlyArticle", "@id": "#c", "license": "' + BY + '"}'
    for property_ in ("citation", "about", "schema:isBasedOn"):
        page = f'{{"@graph": [{{"@type": "Article", "{property_}": [{{"@id": "#c"}}]}}, {work}]}}'
        assert jsonld(page) == [("jsonld", "element", "CC-BY-4.0")], property_
    whole = [("jsonld", "page", "CC-BY-4.0")]
    assert jsonld(f'{{"@graph": [{{"@type": "WebSite", "hasPart": {{"@id": "#c"}}}}, {work}]}}') == whole
    for value in ("@list", "url"):
        assert jsonld(f'{{"@type": "Article", "license": {{"{value}": ["{BY}"]}}}}') == whole
    cited = '<div itemprop="citation" itemscope itemtype="https://schema.org/CreativeWork">'
    assert seen(f'{cited}<a itemprop="license" href="{BY}">') == [("microdata", "element", "CC-BY-4.0")]
    for kind, scope in (("ImageObject", "element"), ("Article", "page")):
        page = (f'<body><div itemscope itemtype="https://schema.org/{kind}" itemref="a b"></div>'
                f'<p id="b"><a itemprop="license" href="{BY}">l</a></p>')
        assert seen(page) == [("microdata", scope, "CC-BY-4.0")]


def test_rdfa_with_any_prefix_and_of_other_addresses() -> None:
    for rel in ("lic:license", "http://creativecommons.org/ns#license", "http://purl.org/dc/terms/license"):
        assert seen(f'<p><a rel="{rel}" href="{BY}">l</a></p>') == [("rdfa", "page", "CC-BY-4.0")], rel
    other = f'<body><div about="https://other.example/work"><a rel="license" href="{BY}">l</a></div>'
    assert seen(other) == [("anchor", "element", "CC-BY-4.0")]
    own = '<head><link rel="canonical" href="http://www.other.example/work/"></head>'
    assert seen(own + other) == [("anchor", "page", "CC-BY-4.0")]


@pytest.mark.parametrize(("sentence", "spdx"), [
    ("Esta obra está bajo una Licencia Creative Commons Atribución-SinDerivadas 4.0 Internacional.", "CC-BY-ND-4.0"),
    ("Creative Commons Navngivelse-IkkeKommerciel 4.0 International", "CC-BY-NC-4.0"),
    ("All content on this site is licensed under CC BY‑SA 4.0", "CC-BY-SA-4.0"),
    ("All content is licensed under CC&nbsp;BY-NC&#160;4.0", "CC-BY-NC-4.0"),
    ("Контент доступен по лицензии Creative Commons «С указанием авторства — Некоммерческая» 4.0", "CC-BY-NC-4.0"),
    ("コンテンツは、クリエイティブ・コモンズ 表示 - 継承 4.0 国際 ライセンスの下に提供されています", "CC-BY-SA-4.0"),
    ("本作品采用知识共享署名-非商业性使用-禁止演绎 4.0 国际许可协议进行许可", "CC-BY-NC-ND-4.0"),
    ("크리에이티브 커먼즈 저작자표시-비영리 4.0 국제 라이선스", "CC-BY-NC-4.0"),
    ("Sisältö: Creative Commons Nimeä-EiMuutoksia 4.0", "CC-BY-ND-4.0"),
    ("Obsah: Creative Commons Uveďte původ-Nevyužívejte dílo komerčně 4.0", "CC-BY-NC-4.0"),
    ("Creative Commons Alıntı-GayriTicari 4.0", "CC-BY-NC-4.0"),
    ("All&nbsp;rights&nbsp;reserved", "LicenseRef-all-rights-reserved"),
    ("Все права защищены", "LicenseRef-all-rights-reserved"), ("版权所有", "LicenseRef-all-rights-reserved"),
    ("We do not permit text and data mining of this content.", "LicenseRef-tdm-opt-out"),
    ("You may not use this content to train large language models", "LicenseRef-tdm-opt-out"),
])
def test_footers_of_many_languages(sentence: str, spdx: str) -> None:
    assert seen(f"<footer><p>{sentence}</p></footer>") == [("statement", "site", spdx)]


def test_an_element_of_a_licence_that_nobody_here_knows_frees_nothing() -> None:
    assert seen("<footer>Creative Commons Attribution-Zweifelhaft 4.0</footer>") == [
        ("statement", "element", "LicenseRef-unknown")
    ]


def test_what_is_said_beside_a_licence() -> None:
    assert seen("<footer>All content is licensed under CC BY 4.0, for non-commercial use only</footer>") == [
        ("statement", "site", "CC-BY-4.0"), ("statement", "site", "LicenseRef-unknown"),
        ("statement", "site", "LicenseRef-non-commercial"), ("statement", "site", "LicenseRef-non-commercial"),
    ]
    assert seen("<footer>Text is available under CC BY 4.0; photographs: all rights reserved.</footer>") == [
        ("statement", "site", "CC-BY-4.0"), ("statement", "element", "LicenseRef-all-rights-reserved")
    ]


def test_a_gallery_of_many_thousand_links_is_looked_at_in_part() -> None:
    # Without a limit before nodes are wrapped, this takes minutes.
    gallery = "<div>" + f'<a rel="license" href="{BY}">l</a> ' * 20_000 + "</div>"
    found = seen(gallery + '<meta name="robots" content="noai">')
    assert len(found) == 1_001 and ("meta", "page", "LicenseRef-tdm-opt-out") in found


def test_embedded_rsl() -> None:
    rsl = '<rsl><content url="/"><license><prohibits type="usage">ai-train</prohibits></license></content></rsl>'
    assert seen(f'<script type="application/rsl+xml">{rsl}</script>') == [("rsl", "page", "LicenseRef-tdm-opt-out")]


def test_a_reservation_in_words() -> None:
    page = "<footer><p>We reserve all rights of text and data mining (§ 44b UrhG).</p></footer>"
    assert seen(page) == [("statement", "site", "LicenseRef-tdm-opt-out")]


def test_broken_pages_say_what_they_can_and_raise_nothing() -> None:
    assert seen(f'<html><body><p <a rel=license href={BY}>x<a rel="license" href="{BY}"') != []
    broken = '<script type="application/ld+json">{"license": "MIT", </script>'
    assert seen(broken) == [("jsonld", "page", "LicenseRef-unknown")]
    assert seen('<script type="application/ld+json">{"name": "A licence", </script>') == []
    assert seen('<script type="application/ld+json">' + "[" * 100_000 + "</script>") == []
    assert seen("<div>" * 20_000 + f'<a rel="license" href="{BY}">CC</a>') in (
        [], [("anchor", "page", "CC-BY-4.0")]
    )
    assert [one.license_spdx for one in observations(f'<link rel="license" href="{BY}">'.encode("utf-16"))] == [
        "CC-BY-4.0"
    ]
    assert observations(b"") == []


@settings(deadline=None)  # the first example loads the licence index
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(payload: bytes) -> None:
    observations(payload)
    observations(b'<a rel="license" href="' + payload + b'"><meta name=license content=' + payload)


def test_nothing_of_a_page_outlives_its_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node must end in the thread that made it; the parser complains of one that does not, and cannot raise it."""
    page = b"<p>Text under <a rel=license href=https://creativecommons.org/licenses/by/4.0/>CC BY 4.0</a> by us</p>"
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    with ThreadPoolExecutor(1) as first:
        assert first.submit(observations, page).result()
    with ThreadPoolExecutor(1) as second:
        for _ in range(4):
            assert second.submit(observations, page).result()
    assert complaints == []
