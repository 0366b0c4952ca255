"""`make audit` finds a hole, and tells what it could not ask; the advisories come from a stand-in.

Its answers are as OSV (https://google.github.io/osv.dev/post-v1-query/) and npm's registry give them; npm
asks for all packages at once (POST /-/npm/v1/security/advisories/bulk).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repo.tree import ROOT
from tests.support.http.http_stand_in import serving

HOLE = {
    "id": "GHSA-0000-0000-0000",
    "summary": "a hole",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "tornado"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}
NPM_HOLE = {
    "id": 1,
    "url": "https://github.com/advisories/GHSA-0000-0000-0000",
    "title": "a hole",
    "severity": "high",
    "vulnerable_versions": "<99.0.0",
}


@contextmanager
def advisories(*, holed: bool) -> Iterator[str]:
    def respond(method: str, path: str, body: bytes) -> bytes | None:
        asked = json.loads(body) if body.startswith(b"{") else {}
        if path == "/v1/query":
            name = asked.get("package", {}).get("name")
            return json.dumps({"vulns": [HOLE]} if holed and name == "tornado" else {}).encode()
        if method == "POST" and path.endswith("/advisories/bulk"):
            return json.dumps({"opus-decoder": [NPM_HOLE]} if holed else {}).encode()
        return None

    with serving(respond) as base:
        yield base


def audit(base: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cmd" / "audit.py"), "--osv-url", f"{base}/v1/query"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "npm_config_registry": f"{base}/", "npm_config_fetch_retries": "0"},
    )


@pytest.fixture(scope="module")
def packages() -> int:
    lock = Path(ROOT / "requirements.lock").read_text().splitlines()
    return sum(line[:1].isalnum() and "==" in line for line in lock)


def test_packages_without_known_holes_are_good(packages: int) -> None:
    with advisories(holed=False) as base:
        done = audit(base)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [line for line in done.stdout.splitlines() if "0 of them with known holes" in line]
    assert len(found) == 2, done.stdout
    # Packages for other systems only are left out.
    assert packages * 0.8 < int(found[0].split()[2]) <= packages


def test_a_known_hole_in_either_lock_is_named_and_fails() -> None:
    with advisories(holed=True) as base:
        done = audit(base)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "GHSA-0000-0000-0000, fixed in 99.0" in done.stdout
    assert "audit:   tornado " in done.stdout
    assert "audit:   opus-decoder: high, a hole" in done.stdout


def test_no_answer_is_told_and_is_no_failure() -> None:
    done = audit("http://127.0.0.1:9")
    assert done.returncode == 0
    assert done.stdout.count("was not looked at, no advisories can be asked for") == 2, done.stdout
