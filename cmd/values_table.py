"""Explain a chart's values where readers look: as a table in its README, as comments in its `values.yaml`.

    python cmd/values_table.py helm/audiocast

Both are made from the chart's `values.schema.json` (what a value is for) and `values.yaml` (its default), and
a test compares them. Objects that the schema leaves open, as a set of labels, are one row and one comment.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from marked_table import cell, put

COMMENT_WIDTH = 100


def values_table(chart: Path) -> str:
    """Return the table: value, default, meaning; it ends with a line break."""
    schema = json.loads((chart / "values.schema.json").read_text())
    values = yaml.safe_load((chart / "values.yaml").read_text())
    return "\n".join(["| value | default | meaning |", "| --- | --- | --- |", *_rows(schema, values, ""), ""])


def _rows(schema: dict[str, Any], values: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, each in schema["properties"].items():
        is_group = "properties" in each
        default = "" if is_group else f"`{json.dumps(values[name], ensure_ascii=False)}`"
        yield f"| `{prefix}{name}` | {cell(default)} | {cell(each['description'])} |"
        if is_group:
            yield from _rows(each, values[name], f"{prefix}{name}.")


def commented_values(chart: Path) -> str:
    """Return `values.yaml` with the schema's description above each value.

    The comments at the top of the file, until its first empty line, stay. All others are made anew.

    Raises:
        ValueError: The values would not be the same as before.
    """
    schema = json.loads((chart / "values.schema.json").read_text())
    text = (chart / "values.yaml").read_text()
    head, _, body = text.partition("\n\n")
    bare = "".join(line for line in body.splitlines(keepends=True) if not line.lstrip().startswith("#"))
    comments = dict(_comments(schema, yaml.compose(bare, yaml.SafeLoader)))
    lines = [comments.get(number, "") + line for number, line in enumerate(bare.splitlines(keepends=True))]
    commented = f"{head}\n\n{''.join(lines)}"
    if yaml.safe_load(commented) != yaml.safe_load(text):
        raise ValueError(f"expected comments that change no value of {chart / 'values.yaml'}")
    return commented


def _comments(schema: dict[str, Any], values: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the number of each value's line and the comment above it."""
    if not isinstance(values, yaml.MappingNode):
        raise ValueError("expected a mapping where the schema has properties")
    for key, value in values.value:
        each = schema["properties"][key.value]
        start = f"{' ' * key.start_mark.column}# "
        lines = textwrap.wrap(
            each["description"], COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False
        )
        yield key.start_mark.line, "".join(f"{start}{line}\n" for line in lines)
        if "properties" in each:
            yield from _comments(each, value)


def main(charts: list[str]) -> None:
    """Renew the READMEs and the values files of the given charts."""
    for chart in map(Path, charts):
        readme = chart / "README.md"
        readme.write_text(put(readme.read_text(), "values", values_table(chart)))
        (chart / "values.yaml").write_text(commented_values(chart))


if __name__ == "__main__":
    main(sys.argv[1:])
