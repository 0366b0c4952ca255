"""What can go wrong, as one small tree.

OperatorError
  BadSpec          asking again changes nothing; somebody must change the object
  Refused          the API server does not let us; somebody must change the roles
  TryAgain         a conflict, a busy or absent API server
"""


class OperatorError(Exception):
    """The root. A message says what was expected and what came."""


class BadSpec(OperatorError):
    """An object asks for what cannot be, in a way that the CRD does not refuse by itself."""


class Refused(OperatorError):
    """The API server refuses a request for good: no permission, or it does not know the kind."""


class TryAgain(OperatorError):
    """It may work in a moment.

    Args:
        message: What came.
        delay_seconds: When to try again at the earliest.
    """

    def __init__(self, message: str, delay_seconds: float) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds
