"""The pages' scripts know the API's JSON by the server's own types: what no answer has is an error there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import tree
from tests.support.processes.npm import npm_file

SCRIPT = """\
/** @param {{Api.StreamState}} stream @param {{Api.Started}} started */
export function words(stream, started) {{
  return [stream.title, stream.{of_state}, stream.now_playing?.artist, started.{of_start}];
}}
"""


def checked(folder: Path, *, of_state: str, of_start: str) -> str:
    """Check a script as `npm run types` checks those of the pages; give what is wrong with it."""
    command = [sys.executable, str(tree.ROOT / "cmd" / "api_types.py"), str(folder)]
    subprocess.run(command, check=True, timeout=180)
    (folder / "page.js").write_text(SCRIPT.format(of_state=of_state, of_start=of_start))
    options = json.loads((tree.ROOT / "jsconfig.json").read_text())["compilerOptions"]
    (folder / "jsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*"]}))
    # A program of npm's finds node where pip has put it.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [npm_file(".bin/tsc"), "--project", "jsconfig.json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    return done.stdout


def test_fields_that_are_there_are_no_error(tmp_path: Path) -> None:
    assert checked(tmp_path, of_state="listeners", of_start="ingest_key") == ""


@pytest.mark.parametrize(
    ("of_state", "of_start", "missing"),
    [("listener_count", "ingest_key", "listener_count"), ("listeners", "key", "key")],
)
def test_a_field_that_is_not_there_is_one(tmp_path: Path, of_state: str, of_start: str, missing: str) -> None:
    assert f"Property '{missing}' does not exist" in checked(tmp_path, of_state=of_state, of_start=of_start)


def test_the_pages_are_checked_with_these_types() -> None:
    types = "build/types"
    assert json.loads((tree.ROOT / "package.json").read_text())["scripts"]["types"].startswith(
        f".venv/bin/python cmd/api_types.py {types} && "
    )
    assert f"{types}/api.d.ts" in json.loads((tree.ROOT / "jsconfig.json").read_text())["include"]
