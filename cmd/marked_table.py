"""Tables that are made from code and stand in documents, each between two marks of its own."""

import re


def put(text: str, name: str, table: str) -> str:
    """Put a table between the marks `<!-- NAME:begin -->` and `<!-- NAME:end -->` of a document.

    Args:
        text: The document.
        name: Of the marks.
        table: Markdown, ends with a line break.

    Raises:
        ValueError: The document does not have each mark once, in order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    pattern = re.compile(re.escape(begin) + r"\n.*?" + re.escape(end), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"expected {begin} and {end} once, on lines of their own")
    return pattern.sub(lambda _: f"{begin}\n{table}{end}", text)


def cell(text: str) -> str:
    """Give a text as it may stand in a table."""
    return text.replace("|", "\\|")
