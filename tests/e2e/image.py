"""The name of a container image, taken apart as the chart wants it."""

import re
from dataclasses import dataclass
from typing import Self

# A port in the repository's host is no tag: a tag has no slash.
NAME = re.compile(
    r"(?P<repository>[^@\s]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image.

    Attributes:
        repository: With its registry, when it has one.
        tag: Empty for the chart's own.
        digest: Empty: the tag says which.
    """

    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read `REPOSITORY[:TAG][@DIGEST]`.

        Raises:
            ValueError: It is no such name.
        """
        found = NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"expected REPOSITORY[:TAG][@sha256:DIGEST], got {name[:200]!r}")
        return cls(found["repository"], found["tag"] or "", found["digest"] or "")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def values(self) -> dict[str, str]:
        """What the chart's `image` is to be."""
        return {"repository": self.repository, "tag": self.tag, "digest": self.digest}
