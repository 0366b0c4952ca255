"""docs/desktop-program.md says what the command line says: options and exit codes."""

import re
from pathlib import Path

import pytest

from tk_streamer.command import options
from tk_streamer.engine import broadcast_state

DOCUMENT = (Path(__file__).parents[2] / "docs" / "desktop-program.md").read_text()


@pytest.fixture
def help_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        options.parse(["--help"])
    return capsys.readouterr().out


def test_options_are_those_of_the_command_line(help_text: str) -> None:
    documented = set(re.findall(r"^\| (`--.*?) \|", DOCUMENT, re.MULTILINE))
    named = {option for row in documented for option in re.findall(r"--[a-z][\w-]*", row)}
    assert named == set(re.findall(r"^ +(?:-h, )?(--[a-z][\w-]*)", help_text, re.MULTILINE)) - {"--help"}


def test_exit_codes_are_those_of_the_command_line(help_text: str) -> None:
    documented = re.findall(r"^\| (\d) \| (.*?) \|$", DOCUMENT, re.MULTILINE)
    said = re.findall(r"^  (\d)  (.*)$", help_text, re.MULTILINE)
    assert [(code, text.replace("`", "")) for code, text in documented] == said


def test_the_picture_of_the_states_is_that_of_the_module() -> None:
    picture = [line.strip() for line in (broadcast_state.__doc__ or "").splitlines() if "--" in line]
    assert picture
    assert [line for line in picture if line not in DOCUMENT] == []
