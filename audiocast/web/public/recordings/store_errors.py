"""What goes wrong with a store, as the contract's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from audiocast.web.http.errors import ApiError

NOT_RECORDING = "this server keeps no recordings"
NO_SUCH_RECORDING = "no such recording here"


def not_found() -> ApiError:
    """Return the error of a show that is not there for whoever asks."""
    return ApiError(404, "recording_not_found", NO_SUCH_RECORDING)


@contextmanager
def answered() -> Iterator[None]:
    """Answer errors of the store, and of shows that are not there, as the contract has it.

    Raises:
        ApiError: 404, 409 or 503.
    """
    # Whoever has a store has loaded these.
    from audiocast.recordings.shows import NoSuchShow, NotReady
    from audiocast.recordings.store.store import StoreError

    try:
        yield
    except NoSuchShow as error:
        raise not_found() from error
    except NotReady as error:
        raise ApiError(409, "recording_not_ready", "the show is on, or its file is being made") from error
    except StoreError as error:
        message = "the recordings cannot be reached now; try again in a moment"
        raise ApiError(503, "recordings_unreachable", message) from error
