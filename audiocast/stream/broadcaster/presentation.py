"""How a stream shows itself: description, accent colour and link, as its broadcaster gives them. Pure.

They come from strangers and go onto pages, so each is bounded, and one that is none is empty.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from audiocast.stream.now_playing import clean_text

MAX_DESCRIPTION_CHARACTERS = 500
MAX_LINK_CHARACTERS = 300

# Of the web (RFC 3986), in ASCII as browsers copy it, and with no user name, which makes an address look like
# another one's.
LINK = re.compile(
    r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?"
)
ACCENT = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a stream shows itself, as its broadcaster wants it. Each text may be empty; one that is none is.

    Attributes:
        description: One line of at most `MAX_DESCRIPTION_CHARACTERS`, cleaned.
        accent: A colour, as "#rrggbb" in small letters.
        link: Where to learn more, an http or https URL; see `LINK`.
    """

    description: str = ""
    accent: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", clean_text(self.description, MAX_DESCRIPTION_CHARACTERS))
        object.__setattr__(self, "accent", self.accent.lower() if ACCENT.fullmatch(self.accent) else "")
        object.__setattr__(self, "link", self.link if is_link(self.link) else "")

    def __bool__(self) -> bool:
        return bool(self.description or self.accent or self.link)

    def as_json(self) -> dict[str, str]:
        """Return what `parse` reads."""
        return asdict(self)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read the object of whoever made it, of any version; what is missing or no text is empty."""
        names = ("description", "accent", "link")
        return cls(*(text if isinstance(text := fields.get(name), str) else "" for name in names))


def is_link(text: str) -> bool:
    """Return whether a text is a link that pages may have; see `LINK`."""
    return len(text) <= MAX_LINK_CHARACTERS and LINK.fullmatch(text) is not None


NO_PRESENTATION = Presentation()
