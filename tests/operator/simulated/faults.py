"""What a simulated API server can be told to answer wrongly."""

import re
from dataclasses import dataclass

HANGS_AT_ONCE, HANGS_LATER = "at once", "later"


@dataclass
class Fault:
    """Requests that are answered wrongly.

    Attributes:
        method: HTTP method; "*": all.
        path: A pattern that is somewhere in the path.
        status: What is answered; 0: nothing, and the connection is closed.
        times: How often; it counts down.
        query: A pattern that is somewhere in the query; empty: any query.
        retry_after: Seconds in `Retry-After`; empty: none.
        is_text: The answer is plain text, as for a kind that is not installed or from a proxy.
        hangs: Nothing comes, and the connection stays: HANGS_AT_ONCE, or HANGS_LATER, after the head of an
            answer.
    """

    method: str
    path: str
    status: int
    times: int = 1
    retry_after: str = ""
    is_text: bool = False
    query: str = ""
    hangs: str = ""

    def applies_to(self, method: str, path: str, query: str) -> bool:
        """Return whether this request gets the fault, and count it down."""
        is_meant = self.method in ("*", method) and re.search(self.path, path)
        if self.times > 0 and is_meant and re.search(self.query, query):
            self.times -= 1
            return True
        return False
