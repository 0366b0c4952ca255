"""Files of the packages that the tests take from npm: `make test` installs them (package.json)."""

from pathlib import Path

MODULES = Path(__file__).parents[3] / "node_modules"


def npm_file(name: str) -> Path:
    """Give a file of a package, as in `axe-core/axe.min.js`."""
    path = MODULES / name
    assert path.is_file(), f"expected {path}, which `make test` installs from package-lock.json"
    return path
