"""Copyright lines, and what only speaks of copyright."""

from __future__ import annotations

import pytest

from data_platform.credits.copyright import copyright_lines
from data_platform.publish.license_texts import text_of


@pytest.mark.parametrize(("text", "line"), [
    ("# Copyright 2009 The Go Authors. All rights reserved.", "Copyright 2009 The Go Authors. All rights reserved."),
    (" * Copyright © 2010-2014, Foo Inc. and contributors", "Copyright © 2010-2014, Foo Inc. and contributors"),
    ("// SPDX-FileCopyrightText: 2020 Jane", "SPDX-FileCopyrightText: 2020 Jane"),
    ("dnl Copyright (C) 2001 Foo", "Copyright (C) 2001 Foo"),
    ("<!-- Copyright 2018 The X Authors -->", "Copyright 2018 The X Authors"),
    ("/* (c) 2019 Bob */", "(c) 2019 Bob"),
    ("-- (C) Copyright 2011 Foo", "(C) Copyright 2011 Foo"),
    ("Portions Copyright (C) 1999 Z", "Portions Copyright (C) 1999 Z"),
    ("Copyright (c) The Regents of the University", "Copyright (c) The Regents of the University"),
    ("Copyright (c) individual contributors", "Copyright (c) individual contributors"),
    ("Copyright (C) 2001,\n   2002 Foo Bar", "Copyright (C) 2001, 2002 Foo Bar"),
    ("Copyright 山田太郎 2014", "Copyright 山田太郎 2014"),
    ("Copr. 2004 X", "Copr. 2004 X"),
])
def test_a_copyright_line_is_found_as_it_was_written(text: str, line: str) -> None:
    assert copyright_lines(f"begin\n{text}\nend\n") == (line,)


@pytest.mark.parametrize("text", [
    "The above copyright notice and this permission notice shall be included", "Copyright (c) <year> <owner>",
    "Copyright [yyyy] [name of copyright owner]", "COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\"",
    "of the copyright owner", "Copyright law protects this", "copyright and related rights in the Work",
    "(c) You must retain, in the Source form", "(c) in the case of an offer",
    "a copyright notice of 2004 must stay", "Copyright (C) {% now 'Y' %} {{ site }}",
    "Copyright (c) YEAR YOUR NAME.", "© {{ year }} {{ name }}", "copyright = get_copyright()",
])
def test_what_speaks_of_copyright_is_no_line(text: str) -> None:
    assert copyright_lines(text) == ()


@pytest.mark.parametrize("name", ["Apache-2.0", "GPL-2.0-only", "GPL-3.0-only", "LGPL-2.1-only", "AGPL-3.0-only", "MIT",
                                  "MPL-2.0", "BSD-3-Clause", "ISC", "Zlib", "EPL-2.0", "Artistic-2.0", "GFDL-1.3-only"])
def test_the_text_of_a_licence_has_none_of_its_own(name: str) -> None:
    assert copyright_lines(text_of(name)) == ()


def test_several_holders_keep_their_order_and_the_line_of_a_licence_about_itself_stays_with_it() -> None:
    text = "Copyright (c) 2014 Ada\nCopyright (c) 2012 Bert\nCopyright (c) 2014 Ada\n"
    assert copyright_lines(text) == ("Copyright (c) 2014 Ada", "Copyright (c) 2012 Bert")
    gnu = "Copyright (C) 2007 Free Software Foundation, Inc.\nEveryone is permitted to copy\nand distribute verbatim"
    gnu += " copies"
    assert copyright_lines(gnu) == ()
    assert copyright_lines("# Copyright (C) 2007 Free Software Foundation, Inc.\n") != ()
