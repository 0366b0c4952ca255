"""The options of `audiocast serve` as its help shows them: kinds of values and defaults, for people."""

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import CliSettingsSource

PROGRAM = "audiocast serve"

WORDS: dict[Any, str] = {int: "NUMBER", float: "NUMBER", str: "TEXT", Path: "FILE", bool: "true|false"}


def options_of(settings: type[BaseModel], text_of: Callable[[Any], str]) -> CliSettingsSource[Any]:
    """Return where the settings of a command line are read from, with a help for people.

    Args:
        settings: Class of the settings.
        text_of: Returns a value as the environment has it.
    """
    source: CliSettingsSource[Any] = CliSettingsSource(settings, cli_prog_name=PROGRAM)  # type: ignore[arg-type]
    parser = source.root_parser
    # All options would be thirty lines above the one that says what is wrong.
    parser.usage = f"{PROGRAM} [--OPTION VALUE ...]    ({PROGRAM} --help lists them)"
    for action in parser._actions:
        field = settings.model_fields.get(action.dest)
        if field is not None and action.help != "==SUPPRESS==":
            action.metavar = word_of(field)
            default = text_of(field.default).removesuffix(",")
            action.help = f"{field.description}{f' (default: {default})' if default else ''}".replace(
                "%", "%%"
            )
    return source


def word_of(field: FieldInfo) -> str:
    """Return what stands for the value of a setting in its help."""
    kind = kind_of(field)
    if get_origin(kind) is Literal:
        return "|".join(choice for choice in get_args(kind) if choice)
    return WORDS.get(kind, "TEXT")


def kind_of(field: FieldInfo) -> Any:
    """Return the type of a setting's value, when there is one."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    return kind
