"""Print the Markdown table of every setting, as README.md and README.ru.md hold it between their marks.

With file names as arguments the table is put into these files instead. It is made from the server's own
`Settings`, and a test compares the two.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from audiocast.settings import Settings

BEGIN = "<!-- settings:begin -->"
END = "<!-- settings:end -->"


def settings_table() -> str:
    """Give the table: environment name, default, meaning; one row a setting, ends with a line break."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows, ""])


def with_table(text: str) -> str:
    """Put the table between the marks of a document.

    Raises:
        ValueError: The document does not have each mark once, in order.
    """
    pattern = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"expected {BEGIN} and {END} once, on lines of their own")
    return pattern.sub(lambda _: f"{BEGIN}\n{settings_table()}{END}", text)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        # Such a value belongs to the machine; the description says what it is.
        return ""
    shown = _shown(field.default)
    return f"`{shown}`" if shown else ""


def _shown(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(str(item) for item in value)
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(paths: list[str]) -> None:
    """Print the table, or put it into the given files."""
    if not paths:
        print(settings_table(), end="")
    for path in map(Path, paths):
        path.write_text(with_table(path.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
