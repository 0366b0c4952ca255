"""Gives wheel and sdist their README and the links of an index page, for the address of the sources.

Only who publishes a release knows that address: `make release HOME_URL=https://…` hands it on. Without it
there are no links, and README.md stays as it is. With it, links to other documents lead to the sources of
that version, since an index shows README.md alone.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# Set by `make release`; what stands below such an address is the same at the common hosts of git.
VARIABLE = "HOME_URL"
README = "README.md"

# A link or picture of Markdown, or a picture of HTML, that leads to a file of the sources.
FILE_LINK = re.compile(r"(?P<before>\]\(|<img src=\")(?![a-z]+:|#)(?P<path>[^)\"\s]+)")


class HomeLinks(MetadataHookInterface):
    """Hatchling's: adds `readme`, and `urls` where there is an address."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them to what pyproject.toml says."""
        home = os.environ.get(VARIABLE, "").rstrip("/")
        text = Path(self.root, README).read_text(encoding="utf-8")
        if home:
            text = with_whole_links(text, home, metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = urls(home, metadata["version"]) if home else {}


def urls(home: str, version: str) -> dict[str, str]:
    """Return the links of an index page, by the names that indexes know.

    Args:
        home: Address of the sources' page, without a slash at the end.
        version: Which of them.
    """
    return {
        "Homepage": home,
        "Documentation": f"{home}/blob/v{version}/docs/README.md",
        "Changelog": f"{home}/blob/v{version}/CHANGELOG.md",
        "Issues": f"{home}/issues",
        "Source": f"{home}/tree/v{version}",
    }


def with_whole_links(markdown: str, home: str, version: str) -> str:
    """Return a document whose links to files lead to the sources of a version; pictures are the files."""

    def whole(link: re.Match[str]) -> str:
        kind = "raw" if "img" in link["before"] else "blob"
        return f"{link['before']}{home}/{kind}/v{version}/{link['path']}"

    return FILE_LINK.sub(whole, markdown)
