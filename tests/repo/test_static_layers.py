"""The layers of pages: `listen | broadcast | control | home | selftest -> player -> shared`; a pure core."""

import posixpath
import re
from collections.abc import Iterator

import pytest

from tests.repo import tree

STATIC = "audiocast/web/static"
TEMPLATES = "audiocast/web/pages/templates"

# Room -> rooms whose files its own may use, beside their own. A page never uses another page's.
MAY_USE = {
    "listen": {"player", "shared"},
    "broadcast": {"player", "shared"},
    "control": {"player", "shared"},
    "home": {"player", "shared"},
    "selftest": {"player", "shared"},
    "player": {"shared"},
    "shared": set[str](),
}
# Template -> the room that it is the page of; all others are parts of several pages.
PAGES = {
    "broadcast": "broadcast",
    "control": "control",
    "embed": "listen",
    "home": "home",
    "listen": "listen",
    "selftest": "selftest",
}

BUFFER = ("aim", "concealment", "delay_target", "jitter_buffer", "ring", "runs")
CORE = {
    *(f"player/live/buffer/{name}.js" for name in BUFFER),
    *(f"player/live/{name}.js" for name in ("ogg", "opus", "watchdog")),
    *(f"broadcast/sound/{name}.js" for name in ("limiter", "loudness", "true_peak")),
    *(f"selftest/{name}.js" for name in ("recorder", "report")),
}
CORE_MAY_USE = CORE | {"shared/sample_rate.js"}
# A pure module is told the time. That it uses nothing of a browser is what `make check` sees.
CLOCKS = re.compile(r"\b(?:Date|performance|currentTime|setTimeout|setInterval|requestAnimationFrame)\b")

# How a script or a style names another: `import`, `export`, `import("…")`, also as a type in a comment, and
# `new URL("…")` have a relative path in quotes; `importScripts`, `@import` and `url` need no dot in it.
NAMED = re.compile(
    r"""(?:["'`](?=\.{1,2}/|/static/)|\bimportScripts\(\s*["']|@import\s+["']|(?<![.#\w])url\(\s*["']?)"""
    r"""(?P<target>[^"'`\s)]+)"""
)
IN_TEMPLATE = re.compile(r"""(?:static_url\("|set script = "|/static/)(?P<target>[\w/.-]+)""")
FETCHED = "player/live/opus-decoder.min.js"


def scripts_and_styles() -> dict[str, str]:
    """Return the text of each file by its path in the static folder."""
    top = tree.ROOT / STATIC
    return {
        path.relative_to(top).as_posix(): path.read_text()
        for path in tree.files("*.js", "*.css", under=STATIC)
    }


def used_by(name: str, text: str) -> Iterator[str]:
    """Yield the static files that a file names, by their paths in the static folder."""
    for match in NAMED.finditer(text):
        target = match["target"]
        if target.startswith("/static/"):
            yield target.removeprefix("/static/")
        elif not target.startswith("data:"):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def room(name: str) -> str:
    return name.split("/")[0]


def faults(name: str, text: str) -> list[str]:
    """Return what a file uses and may not."""
    allowed = {room(name), *MAY_USE[room(name)]}
    return [f"{name}: {used}" for used in used_by(name, text) if room(used) not in allowed]


def test_every_file_uses_its_own_room_and_those_below() -> None:
    files = scripts_and_styles()
    assert {room(name) for name in files} == set(MAY_USE)
    assert [fault for name, text in files.items() for fault in faults(name, text)] == []


def test_what_is_used_is_there() -> None:
    files = scripts_and_styles()
    wanted = {used for name, text in files.items() for used in used_by(name, text)}
    assert "player/live/session.js" in wanted  # by import(), and as a type
    assert "player/live/worklet.js" in wanted  # by new URL()
    assert wanted - set(files) <= {FETCHED}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("player/player.js", 'import { Details } from "../listen/details.js";'),
        ("player/live/session.js", 'const page = import("../../listen/page.js");'),
        ("home/page.js", '/** @param {import("../broadcast/uplink.js").Uplink} uplink */'),
        ("shared/api.js", 'export { Player } from "../player/player.js";'),
        ("broadcast/capture.js", 'addModule(new URL("../listen/worklet.js", import.meta.url));'),
        ("shared/base.css", '@import "../home/home.css";'),
        ("listen/listen.css", 'a { background: url("../home/a.svg"); }'),
        ("listen/plain.js", 'link.href = "/static/home/home.css";'),
    ],
)
def test_a_way_up_or_across_is_found(name: str, text: str) -> None:
    assert len(faults(name, text)) == 1


def test_a_page_is_made_of_its_own_room_and_of_what_is_shared() -> None:
    templates = {path.stem: path.read_text() for path in tree.files("*.html", under=TEMPLATES)}
    assert set(PAGES) <= set(templates)
    wrong = [
        f"{name}: {used}"
        for name, text in templates.items()
        for used in IN_TEMPLATE.findall(text)
        if "/" in used and room(used) not in {PAGES.get(name, "shared"), "shared"}
    ]
    assert wrong == []


def test_the_core_is_pure() -> None:
    files = scripts_and_styles()
    assert set(files) >= CORE
    wrong = [
        f"{name}: {used}" for name in CORE for used in used_by(name, files[name]) if used not in CORE_MAY_USE
    ]
    assert wrong == []
    lines = {name: re.sub(r"/\*.*?\*/", "", files[name], flags=re.DOTALL).splitlines() for name in CORE}
    clocks = [
        f"{name}: {line.strip()}"
        for name, each in lines.items()
        for line in each
        if CLOCKS.search(line.split("//")[0])
    ]
    assert clocks == []
