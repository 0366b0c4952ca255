"""What is in a release, package by package (SBOM): CycloneDX, from the locks, by cyclonedx-py.

The wheel and the server's image and .deb hold what the server's lock names, and the listener's decoder,
which comes from npm; the client's .deb has the client's lock, the operator's image the operator's.
"""

import json
import os
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

from contents import OPERATOR, ROOT, SERVER, BuildFailed, Release, run

# By the name of what is described: its lock, and whether the pages are in it.
BILLS = {
    SERVER: ("requirements-server.lock", True),
    "audiocast-client": ("requirements-client.lock", True),
    OPERATOR: ("requirements-operator.lock", False),
}
SUFFIX = ".cdx.json"
DECODER = "node_modules/opus-decoder"


def build(release: Release) -> list[Path]:
    """Write one file for each lock into `sbom/`; return their paths."""
    folder = release.folder("sbom")
    return [_bill(release, folder, name) for name in BILLS]


def _bill(release: Release, folder: Path, name: str) -> Path:
    lock, has_pages = BILLS[name]
    path = folder / f"{name}-{release.version}{SUFFIX}"
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    # It is looked at when it is whole, below.
    command += ["--no-validate", "--pyproject", "pyproject.toml", "--output-file", str(path), lock]
    run(command, environment={**os.environ, "SOURCE_DATE_EPOCH": str(release.built_at)})
    bill = json.loads(path.read_text())
    bill["metadata"]["component"] |= {"name": name, "version": release.version}
    if has_pages:
        bill["components"].append(_decoder())
    text = json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    _check(path.name, text)
    path.write_text(text)
    return path


def _check(name: str, text: str) -> None:
    """Raise `BuildFailed` unless a bill is valid."""
    # Seconds, for those who build one.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise BuildFailed(f"{name}: {wrong}")


def _decoder() -> dict[str, Any]:
    """Return the component that npm's lock names and the Python locks do not."""
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"][DECODER]
    name = DECODER.rpartition("/")[2]
    digest = b64decode(locked["integrity"].removeprefix("sha512-")).hex()
    return {
        "type": "library",
        "bom-ref": f"npm-{name}",
        "name": name,
        "version": locked["version"],
        "purl": f"pkg:npm/{name}@{locked['version']}",
        "hashes": [{"alg": "SHA-512", "content": digest}],
    }
