"""The operator's errors, as one small tree.

OperatorError
  BadSpec          the object must be changed; asking again changes nothing
  NameTaken        an object of somebody else has the name of a child
  ApiRefused       the operator's role must be changed, or a policy does not want the object
    NotInstalled   a kind is not installed
  TryAgain         a conflict, or an API server that is busy or absent
    WatchSilent    a watch that brings nothing, not even its end
  Unplanned        a bug of the operator
"""


class OperatorError(Exception):
    """The root. A message says what was expected and what came.

    Attributes:
        reason: What conditions say of it, in one word.
        result: What it is counted as.
    """

    reason = "Failed"
    result = "bug"


class Unplanned(OperatorError):
    """An exception that nobody has planned: a bug of the operator. The log has the whole of it."""

    reason, result = "Bug", "bug"


class BadSpec(OperatorError):
    """A spec cannot be carried out, in a way that the CRD does not refuse by itself."""

    reason, result = "BadSpec", "bad_spec"


class NameTaken(OperatorError):
    """An object that the operator has not made has the name of a child. It is left as it is."""

    reason, result = "NameTaken", "name_taken"


class ApiRefused(OperatorError):
    """The API server refuses a request for good: a missing permission, a policy or an unknown kind."""

    reason, result = "Refused", "refused"


class NotInstalled(ApiRefused):
    """A kind is not installed in this cluster."""

    reason = "NotInstalled"


class TryAgain(OperatorError):
    """The same request may succeed in a moment.

    Args:
        message: What the API server answered.
        delay_seconds: Least time until the next attempt.
    """

    reason, result = "TryAgain", "try_again"

    def __init__(self, message: str, delay_seconds: float) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds


class WatchSilent(TryAgain):
    """A watch is open, and when its time was over the API server has not ended it: something hangs."""
