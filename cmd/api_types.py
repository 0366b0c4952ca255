"""`api_types.py FOLDER`: writes api.d.ts, the types of the API's JSON as the pages' scripts know them.

They are made of the OpenAPI document (`audiocast.web.contract`), each time that `npm run types` checks the
pages: a page that reads a field which no answer has is an error of TypeScript there.
"""

import json
import sys
from pathlib import Path
from typing import Any

from audiocast import __version__
from audiocast.web.contract.document import openapi

Schema = dict[str, Any]

HEAD = """\
/** The JSON of the API, made by cmd/api_types.py: change audiocast/web/contract instead. */
declare namespace Api {
"""

PLAIN = {
    "boolean": "boolean",
    "integer": "number",
    "null": "null",
    "number": "number",
    "string": "string",
}


def declarations(schemas: dict[str, Schema]) -> str:
    """Return the text of api.d.ts.

    Args:
        schemas: Of the document's components, by name.
    """
    return HEAD + "\n".join(_declaration(name, schema) for name, schema in schemas.items()) + "}\n"


def _declaration(name: str, schema: Schema) -> str:
    comment = _comment(schema, "  ")
    if "properties" not in schema:
        return f"{comment}  type {name} = {type_of(schema)};\n"
    required = schema.get("required", [])
    fields = [
        f"{_comment(field, '    ')}    {json.dumps(key)}{'' if key in required else '?'}: {type_of(field)};\n"
        for key, field in schema["properties"].items()
    ]
    return f"{comment}  interface {name} {{\n{''.join(fields)}  }}\n"


def type_of(schema: Schema) -> str:
    """Return a schema as a type of TypeScript.

    Raises:
        ValueError: It has something that no field has had before.
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(map(type_of, schema["anyOf"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{type_of(schema['items'])}>"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"Record<string, {type_of(schema['additionalProperties'])}>"
    if kind in PLAIN:
        return PLAIN[kind]
    raise ValueError(f"expected a schema that cmd/api_types.py can write as a type, got {schema}")


def _comment(schema: Schema, indent: str) -> str:
    text = schema.get("description", "").replace("*/", "* /")
    return f"{indent}/** {text} */\n" if text else ""


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    schemas = openapi(__version__)["components"]["schemas"]
    (folder / "api.d.ts").write_text(declarations(schemas))
