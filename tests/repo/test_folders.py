"""No folder is a drawer: a reader finds a thing by the file list."""

from collections import Counter
from pathlib import Path

from tests.repo import tree

# What a reader takes in at one look, without a search. A larger folder has rooms in it already, and wants
# walls.
MOST_FILES_OF_A_KIND = 22

# Larger folders without rooms, with the most files that they may hold: tests beside the harnesses that they
# share. A folder that gets rooms leaves this list.
WITHOUT_ROOMS = {
    "tests/programs/*.py": 23,
}


def crowded(paths: list[Path]) -> dict[str, int]:
    """Return the folders that hold too many files of one suffix, with their number."""
    kinds = Counter((path.parent, path.suffix) for path in paths)
    return {
        f"{tree.name(folder)}/*{suffix}": count
        for (folder, suffix), count in kinds.items()
        if count > MOST_FILES_OF_A_KIND
    }


def test_no_folder_holds_too_many_files_of_one_kind() -> None:
    found = crowded(tree.files())
    assert {kind: count for kind, count in found.items() if count > WITHOUT_ROOMS.get(kind, 0)} == {}


def test_a_crowded_folder_is_found() -> None:
    folder = tree.ROOT / "some"
    scripts = [folder / f"{number}.js" for number in range(MOST_FILES_OF_A_KIND + 1)]
    styles = [folder / f"{number}.css" for number in range(MOST_FILES_OF_A_KIND)]
    assert crowded([*scripts, *styles]) == {"some/*.js": MOST_FILES_OF_A_KIND + 1}
