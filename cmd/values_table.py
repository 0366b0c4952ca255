"""Put the table of a chart's values into its README, between the marks.

    python cmd/values_table.py helm/audiocast

It is made from the chart's `values.schema.json` (what a value is for) and `values.yaml` (its default), and a
test compares the two. Objects that the schema leaves open, as a set of labels, are one row.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from marked_table import cell, put


def values_table(chart: Path) -> str:
    """Give the table: value, default, meaning; ends with a line break."""
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


def main(charts: list[str]) -> None:
    """Renew the READMEs of the given charts."""
    for chart in map(Path, charts):
        readme = chart / "README.md"
        readme.write_text(put(readme.read_text(), "values", values_table(chart)))


if __name__ == "__main__":
    main(sys.argv[1:])
