"""Which modules a page's script brings with it, and how they run as one."""

import json
import re
import subprocess
from graphlib import CycleError
from pathlib import Path

import pytest

import audiocast.web
from audiocast.web.pages.modules import SCRIPTS, NoSuchScript, joined, modules_of

STATIC = Path(audiocast.web.__file__).parent / "static"
TEMPLATES = Path(audiocast.web.__file__).parent / "pages" / "templates"

FILES = {
    "listen/page.js": """
import { a, told } from "../a.js";
import {
  b,
  B as Other,
} from "../live/b.js";
told.push("page", a, b(), new Other().name);
console.log(JSON.stringify(told));
const later = () => import("./later.js");
console.log(String(later));
""",
    "a.js": """
import { b } from "./live/b.js";
/** Not exported. */
const secret = "a";
export const told = ["a", b()];
export const a = secret;
export async function unused() {}
export function* one() { yield 1; }
""",
    "live/b.js": """
/** @type {import("./types.js").D} */
const secret = "b";
const file = () => new URL("./worklet.js", import.meta.url);
console.log(String(file));
export const b = () => secret;
export class B {
  name = "B";
}
""",
}

COMMENTED = """
/**
 * About it: about.
 */
// about
export const told = [/** @type {number} */ (7)];
const cast =
  /** @type {string} */ ("// a text"); // behind code
  /* about */
export const a = cast;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(text: str, folder: Path) -> list[str]:
    script = folder / "joined.mjs"
    script.write_text(text)
    done = subprocess.run(["node", script], capture_output=True, text=True, timeout=180, check=True)
    return done.stdout.splitlines()


def test_each_comes_once_and_before_those_that_import_it(folder: Path) -> None:
    assert modules_of(folder, "listen/page.js") == ("live/b.js", "a.js")
    assert modules_of(folder, "live/b.js") == ()


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n')
    with pytest.raises(CycleError):
        modules_of(tmp_path, "a.js")


def test_joined_they_run_as_they_do_apart(folder: Path) -> None:
    worklet, told, later = run(joined(folder, "listen/page.js").text, folder)
    assert json.loads(told) == ["a", "b", "page", "a", "b", "B"]
    # What is loaded later is found from wherever the joined script lies.
    assert worklet == '() => new URL("/static/live/worklet.js", import.meta.url)'
    assert later == '() => import("/static/listen/later.js")'


def test_comments_on_lines_of_their_own_are_left_out(folder: Path) -> None:
    (folder / "a.js").write_text(COMMENTED)
    text = joined(folder, "listen/page.js").text
    (module,) = re.findall(r"^// a\.js\n.*?\n\}\)\(\);$", text, re.MULTILINE | re.DOTALL)
    assert "about" not in module
    assert '("// a text"); // behind code' in module
    assert json.loads(run(text, folder)[1])[0] == 7


def test_another_text_is_another_version(folder: Path) -> None:
    before = joined(folder, "listen/page.js")
    assert joined(folder, "listen/page.js") is before
    (folder / "a.js").write_text(FILES["a.js"] + "export const more = 1;\n")
    after = joined(folder, "listen/page.js")
    assert after.version != before.version
    assert "more" in after.text


@pytest.mark.parametrize("name", ["a.js", "listen/../listen/page.js", "../secret", "", "listen/page.js\0"])
def test_only_scripts_of_pages_are_joined(folder: Path, name: str) -> None:
    with pytest.raises(NoSuchScript):
        joined(folder, name)


@pytest.mark.parametrize(
    "statement",
    [
        "export default 1;",
        "export { a };",
        'export * from "./a.js";',
        'import "./a.js";',
        'import a from "bare";',
        "export let changing = 1;",
        "export const { a, b } = c;",
        "await a;",
    ],
)
def test_what_cannot_be_joined_is_refused(folder: Path, statement: str) -> None:
    (folder / "listen" / "page.js").write_text(f"{statement}\n")
    with pytest.raises(ValueError, match=re.escape(statement[:12])):
        joined(folder, "listen/page.js")


@pytest.mark.parametrize("script", SCRIPTS)
def test_pages_scripts_are_joined_whole(script: str, tmp_path: Path) -> None:
    text = joined(STATIC, script).text
    path = tmp_path / "script.mjs"
    path.write_text(text)
    subprocess.run(["node", "--check", path], timeout=180, check=True)
    assert not re.search(r"^import\b", text, re.MULTILINE)


def test_templates_name_those_scripts() -> None:
    named = {
        script
        for template in TEMPLATES.iterdir()
        for script in re.findall(r'set script = "([^"]+)"', template.read_text())
    }
    assert named == set(SCRIPTS)


def test_the_listener_s_page_waits_for_its_player_until_a_click() -> None:
    modules = modules_of(STATIC, "listen/page.js")
    assert "player/listening.js" in modules
    assert "player/live/decoder.js" not in modules
    assert all((STATIC / name).is_file() for name in modules)


def test_what_runs_twice_has_no_state() -> None:
    """A module that is joined, and imported by one that is loaded later, is there twice."""
    later = {"player/live/session.js", "player/live/timer_sink.js"}
    loaded = later.union(*(modules_of(STATIC, script) for script in later))
    twice = {module for script in SCRIPTS for module in modules_of(STATIC, script)} & loaded
    assert twice == {"player/live/buffer/aim.js", "shared/backoff.js", "shared/sample_rate.js"}
