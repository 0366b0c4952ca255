"""The ways to install, by the lines that README.md has for them."""

import re
import subprocess
from dataclasses import dataclass

from audiocast import __version__
from tests.release.bare_debian import ENVIRONMENT
from tests.repo import tree


@dataclass(frozen=True)
class Way:
    """A way to install.

    Attributes:
        lines: What people type, as README has it.
        packages: Of Debian, that have to be there before, with commas between them.
        commands: Folder of the commands, afterwards.
        has_client: The broadcaster is installed, too: it makes the sound.
    """

    lines: tuple[str, ...]
    packages: str
    commands: str
    has_client: bool


SERVER_DEB = f"apt install ./audiocast_{__version__}~deb12_amd64.deb"
CLIENT_DEB = f"apt install ./audiocast-client_{__version__}~deb12_amd64.deb"
BY_PIPX = f"{ENVIRONMENT['HOME']}/.local/bin"

WAYS = {
    "pipx": Way(("pipx install audiocast",), "pipx", BY_PIPX, has_client=False),
    "pipx-client": Way(("pipx install 'audiocast[client]'",), "pipx", BY_PIPX, has_client=True),
    "deb": Way((SERVER_DEB,), "", "/usr/bin", has_client=False),
    "deb-client": Way((SERVER_DEB, CLIENT_DEB), "", "/usr/bin", has_client=True),
}


def lines_of_readme() -> list[str]:
    """Return the commands of README's section on installing, without what is said of them."""
    section = (tree.ROOT / "README.md").read_text().partition("\n## Install\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].rstrip() for block in blocks for line in block.splitlines()]


def here(line: str) -> str:
    """Return a line with the packages for this machine's processor."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return line.replace("_amd64.deb", f"_{architecture}.deb")
