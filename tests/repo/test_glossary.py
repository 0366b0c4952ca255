"""The words of ARCHITECTURE.md are explained once, and are in the code."""

import re
from collections import Counter

from tests.repo import tree

# Where paths in the third column are counted from.
ROOTS = ["audiocast", "audiocast/web", "clients", "k8s-operator"]
ROW = re.compile(
    r"^\| (?P<words>[^|`]+) \| (?P<meaning>[^|]+) \| (?P<places>(?:`[^`]+`(?:, )?)+) \|$", re.MULTILINE
)


def glossary() -> list[re.Match[str]]:
    """Return the rows of the glossary's tables."""
    text = (tree.ROOT / "ARCHITECTURE.md").read_text()
    return list(ROW.finditer(text[text.index("## Words") : text.index("## The house")]))


def is_there(place: str) -> bool:
    """Return whether a path of the third column names a module, a folder or a file."""
    paths = [tree.ROOT / root / place for root in ROOTS]
    return any(path.exists() or path.with_suffix(".py").exists() for path in paths)


def test_no_word_is_explained_twice() -> None:
    words = [word for row in glossary() for word in row["words"].split(", ")]
    assert len(words) > 50
    # A stream is one thing, and the custom resource that stands for one has its name with a capital.
    assert [word for word, count in Counter(words).items() if count > 1] == []


def test_every_word_is_where_the_glossary_says() -> None:
    places = [place for row in glossary() for place in re.findall(r"`([^`]+)`", row["places"])]
    assert places
    assert [place for place in places if not is_there(place)] == []


def test_a_place_that_is_nowhere_is_found() -> None:
    assert [is_there(place) for place in ("stream/hub", "static/player", "stream/origin")] == [
        True,
        True,
        False,
    ]
