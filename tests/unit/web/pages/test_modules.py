"""Which modules a page's script brings with it."""

from pathlib import Path

import audiocast.web
from audiocast.web.pages.modules import modules_of

STATIC = Path(audiocast.web.__file__).parent / "static"


def test_each_is_met_once_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    files = {
        "page.js": 'import { a } from "./a.js";\nimport {\n  b,\n  c,\n} from "./live/b.js";\n',
        "a.js": 'import { b } from "./live/b.js";\nexport { d } from "./d.js";\n',
        "live/b.js": 'import { a } from "../a.js";\n',
        "d.js": '/** @type {import("./types.js").D} */\nexport const d = () => import("./later.js");\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert modules_of(tmp_path, "page.js") == ("a.js", "live/b.js", "d.js")
    assert modules_of(tmp_path, "d.js") == ()


def test_the_listener_s_page_waits_for_its_player_until_a_click() -> None:
    modules = modules_of(STATIC, "listen/page.js")
    assert "player/listening.js" in modules
    assert "player/live/decoder.js" not in modules
    assert all((STATIC / name).is_file() for name in modules)
