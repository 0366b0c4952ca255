"""The operator's errors, as one small tree.

OperatorError
  BadSpec          the object must be changed; asking again changes nothing
  ApiRefused       the operator's role must be changed, or a kind is not installed
  TryAgain         a conflict, or an API server that is busy or absent
"""


class OperatorError(Exception):
    """The root. A message says what was expected and what came."""


class BadSpec(OperatorError):
    """A spec cannot be carried out, in a way that the CRD does not refuse by itself."""


class ApiRefused(OperatorError):
    """The API server refuses a request for good: a missing permission or an unknown kind."""


class TryAgain(OperatorError):
    """The same request may succeed in a moment.

    Args:
        message: What the API server answered.
        delay_seconds: Least time until the next attempt.
    """

    def __init__(self, message: str, delay_seconds: float) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds
