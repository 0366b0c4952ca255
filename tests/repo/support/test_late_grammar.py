"""IRIs are checked as ever, though the grammar comes late."""

import subprocess
import sys

from tests.repo import tree

# What it prints: whether the grammar is there after the import, and after a check, and the check's answer.
CHECK = """
import sys
import tests.support.run.late_grammar
import jsonschema
print("lark" in sys.modules)
checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
for value in ("http://example.org/\\u0444", "no scheme"):
    print(checker.conforms(value, "iri"))
print("lark" in sys.modules)
"""


def test_the_grammar_comes_with_the_first_check() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK], cwd=tree.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False", "True"]
