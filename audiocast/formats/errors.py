"""Why a format cannot be had."""

from audiocast.stream.errors import StreamError


class FormatsMissing(StreamError):
    """This server makes no other formats."""

    code = "format_not_there"


class FormatsBusy(StreamError):
    """The format workers are too busy for one more job."""

    code = "formats_busy"
