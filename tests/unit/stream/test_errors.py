"""The tree of errors: each that can be raised has a code of its own."""

import re
from typing import TypeVar

import pytest

from audiocast.ogg.errors import OggError
from audiocast.stream import errors
from audiocast.stream.errors import SourceError, StreamError

Kind = TypeVar("Kind", bound=Exception)


def descendants(kind: type[Kind]) -> list[type[Kind]]:
    return [each for child in kind.__subclasses__() for each in (child, *descendants(child))]


RAISED = [kind for kind in descendants(StreamError) if kind is not SourceError]


@pytest.mark.parametrize("kind", RAISED)
def test_a_code_is_snake_case(kind: type[StreamError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


def test_codes_differ_from_each_other_and_from_those_of_ogg() -> None:
    codes = [kind.code for kind in RAISED] + [kind.code for kind in descendants(OggError)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", RAISED)
def test_the_module_draws_each_in_its_tree(kind: type[StreamError]) -> None:
    assert re.search(rf'^ +{kind.__name__} +"{kind.code}"$', errors.__doc__ or "", re.MULTILINE)
