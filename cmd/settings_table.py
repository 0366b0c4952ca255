"""Print the Markdown table of every setting, as docs/settings.md holds it between two marks.

With file names as arguments the table is put into these files instead. It is made from the server's own
`Settings`, and a test compares the two.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from audiocast.settings import Settings
from marked_table import cell, put


def settings_table() -> str:
    """Give the table: environment name, default, meaning; one row a setting, ends with a line break."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows, ""])


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        # Such a value belongs to the machine; the description says what it is.
        return ""
    shown = _shown(field.default)
    return f"`{shown}`" if shown else ""


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(str(item) for item in value)
    return str(value)


def main(paths: list[str]) -> None:
    """Print the table, or put it into the given files."""
    if not paths:
        print(settings_table(), end="")
    for path in map(Path, paths):
        path.write_text(put(path.read_text(), "settings", settings_table()))


if __name__ == "__main__":
    main(sys.argv[1:])
