"""What pyproject.toml cannot say: what is built names the commit that it was built from."""

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

CHECKOUT = runpy.run_path(str(Path(__file__).parent / "data_platform" / "core" / "checkout.py"))


def _name_commit(folder: str) -> None:
    """Leave the commit of this checkout in a folder with the package; outside a checkout, what is there stays."""
    if commit := CHECKOUT["git_commit"]():
        Path(folder, "data_platform", CHECKOUT["COMMIT_FILE"]).write_text(f"{commit}\n", encoding="ascii")


class BuildPackage(build_py):
    """The package as it goes into a wheel."""

    def run(self) -> None:
        """Copy it and name its commit; an editable installation runs from the checkout, and asks that."""
        super().run()
        if not self.editable_mode:
            _name_commit(self.build_lib)


class Sources(sdist):
    """The archive of sources, from which a wheel may be built where there is no repository."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Lay it out and name its commit."""
        super().make_release_tree(base_dir, files)
        _name_commit(base_dir)


setup(cmdclass={"build_py": BuildPackage, "sdist": Sources})
