"""Manifests of packages and data sets, known by their names: files that state a licence for the folder they lie in.

They are manifests in whatever layout: a `package.json` on one line is no JSONL. Belongs here: names. Does not: what
they state (`licenses/manifests.py`).
"""

from __future__ import annotations

import re

_NAMES = (
    # Packages: npm, Bower, Composer, Cargo, Python, Maven, R, Ruby, Haskell, Perl, .NET, CocoaPods, Elixir, D, Crystal,
    # opam, ROS, conda, Ansible, Elm, Deno, hpack, Lua, Nim.
    r"package\.json5?", r"bower\.json", r"component\.json", r"composer\.json", r"cargo\.toml", r"pyproject\.toml",
    r"setup\.(?:cfg|py)", r"pkg-info", r"metadata", r"pom\.xml", r"description", r"[^/]+\.gemspec", r"[^/]+\.cabal",
    r"meta\.(?:json|ya?ml)", r"[^/]+\.nuspec", r"[^/]+\.(?:cs|fs|vb)proj", r"[^/]+\.podspec(?:\.json)?", r"mix\.exs",
    r"dub\.(?:json|sdl)", r"shard\.ya?ml", r"[^/]*\.?opam", r"package\.xml", r"galaxy\.ya?ml", r"elm\.json",
    r"deno\.jsonc?", r"jsr\.json", r"package\.yaml", r"[^/]+\.rockspec", r"[^/]+\.nimble", r"vcpkg\.json",
    r"project\.clj",
    r"project\.toml", r"info\.(?:json|ya?ml)", r"manifest\.(?:json|ya?ml)", r"chart\.ya?ml", r"pubspec\.ya?ml",
    # Data sets and works: CITATION, CodeMeta, Frictionless, Hugging Face, schema.org, Zenodo, RO-Crate, publiccode.
    r"citation\.cff", r"codemeta\.json", r"datapackage\.(?:json|ya?ml)", r"dataset[-_]?infos?\.json",
    r"dataset[-_](?:metadata|description)\.(?:json|ya?ml)", r"croissant\.json", r"metadata\.(?:json|ya?ml|xml)",
    r"\.?zenodo\.json", r"ro-crate-metadata\.json(?:ld)?", r"publiccode\.ya?ml", r"readme\.md",
    r"license\.(?:json|ya?ml)", r"licen[sc]es?\.json",
)
PATTERN = rf"(?:{'|'.join(_NAMES)})"
"""What the name of a manifest looks like, without regard to case."""
_NAME = re.compile(PATTERN, re.I)
BUILD_PATTERN = (
    r"(?:(?:default|flake|shell|package)\.nix|info\.rkt|conanfile\.py|[^/]+\.spec|pkgbuild|meson\.build|"
    r"build\.gradle(?:\.kts)?|build\.sbt|build\.sc|cmakelists\.txt|dockerfile|containerfile|snapcraft\.ya?ml|"
    r"[^/]+\.(?:metainfo|appdata)\.xml|action\.ya?ml|catalog-info\.ya?ml|\.licenserc\.ya?ml|environment\.ya?ml)"
)
"""What files are called that say how a package is built, and beside it under which licence. They are documents."""
_BUILD_NAME = re.compile(BUILD_PATTERN, re.I)


def is_manifest(name: str) -> bool:
    """Whether a file of that name, without its folder, is a manifest."""
    return bool(_NAME.fullmatch(name))


def is_build_file(name: str) -> bool:
    """Whether a file of that name says how a package is built."""
    return bool(_BUILD_NAME.fullmatch(name))
