"""Write the operator's CRDs into its chart, and their fields into docs/operator.md.

Both are made from the models; a test compares what is there with what this makes.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from audiocast_operator.models.crd import build_crds
from marked_table import cell, put

GUARD = "{{- if .Values.crds.install }}\n"
GUARD_END = "{{- end }}\n"
KEEP = "helm.sh/resource-policy"


def template(crd: dict[str, Any]) -> str:
    """Return a CRD as a template of the chart: upgraded with the release, and kept when it is uninstalled."""
    metadata = {**crd["metadata"], "annotations": {KEEP: "keep"}}
    text = yaml.safe_dump({**crd, "metadata": metadata}, sort_keys=False, width=110)
    return f"{{{{- /* Made by cmd/crds.py from the operator's models. */}}}}\n{GUARD}{text}{GUARD_END}"


def fields_table(crd: dict[str, Any]) -> str:
    """Return the Markdown table of a CRD's fields under spec and status."""
    properties = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    rows = [*_rows(properties["spec"], "spec"), *_rows(properties["status"], "status")]
    return "\n".join(["| field | type | default | meaning |", "| --- | --- | --- | --- |", *rows, ""])


def _rows(schema: dict[str, Any], path: str) -> list[str]:
    rows = []
    for name, each in schema.get("properties", {}).items():
        below = f"{path}.{name}"
        kind = each.get("type", "object")
        if kind == "array":
            each, kind, below = each["items"], f"{each['items'].get('type', 'object')}[]", f"{below}[]"
            each = {**each, "description": schema["properties"][name].get("description", "")}
        default = each.get("default")
        shown = "" if default in (None, {}) else f"`{default}`"
        required = " **Required.**" if name in schema.get("required", []) and path.startswith("spec") else ""
        choice = f" One of {', '.join(each['enum'])}." if "enum" in each else ""
        meaning = cell(each.get("description", "") + choice + required)
        rows.append(f"| `{below}` | {kind} | {shown} | {meaning} |")
        rows += _rows(each, below)
    return rows


def with_tables(text: str) -> str:
    """Put the tables between the marks of a document.

    Raises:
        ValueError: A mark is missing.
    """
    for crd in build_crds():
        text = put(text, f"fields of {crd['spec']['names']['kind']}", fields_table(crd))
    return text


def main(chart: Path, document: Path) -> None:
    """Write both."""
    for crd in build_crds():
        (chart / "templates" / f"crd-{crd['spec']['names']['plural']}.yaml").write_text(template(crd))
    document.write_text(with_tables(document.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
