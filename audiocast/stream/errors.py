"""The errors of streams, one tree.

Each error has the code that the API shows; the web layer maps it to an HTTP status.

    StreamError
        SourceError         the source cannot go on
            NotOpus         "not_ogg_opus"
            Multiplexed     "multiplexed"
            TooFast         "too_fast"
            TooDamaged      "too_damaged"
            NoAudio         "no_audio"
            SourceStalled   "source_stalled"
            TakenOver       "taken_over"
            BetterSource    "better_source"
            StreamEnded     "stream_ended"
            BroadcastEnded  "broadcast_ended"
            StreamSuspended "stream_suspended"
            SourceBanned    "banned"
            ClientFull      "client_limit"
            ShuttingDown    "shutting_down"
        ShareFull           "share_full"
        ServerFull          "server_full"
        BadKey              "bad_key"
        BadPicture          "bad_picture"
        FormatsMissing      "format_not_there"
        FormatsBusy         "formats_busy"

What is wrong inside Ogg or Opus data is an `audiocast.ogg.errors.OggError`, with a code of its own.
"""

from typing import ClassVar


class StreamError(Exception):
    """Base of this package's errors.

    Attributes:
        code: Machine-readable name, snake_case.
    """

    code: ClassVar[str]


class SourceError(StreamError):
    """The source cannot go on; the stream and its listeners are untouched."""


class NotOpus(SourceError):
    """The body is not Ogg, or what is in the Ogg pages is not Opus."""

    code = "not_ogg_opus"


class Multiplexed(SourceError):
    """More than one logical bitstream at the same time."""

    code = "multiplexed"


class TooFast(SourceError):
    """More bytes or more audio than real time allows."""

    code = "too_fast"


class TooDamaged(SourceError):
    """More damaged pages and packets than a good encoder ever sends."""

    code = "too_damaged"


class NoAudio(SourceError):
    """The body ended before the first audio packet."""

    code = "no_audio"


class SourceStalled(SourceError):
    """The connection was open, but nothing came for too long."""

    code = "source_stalled"


class TakenOver(SourceError):
    """A newer source has the stream now."""

    code = "taken_over"


class BetterSource(SourceError):
    """Another source is heard, and this server cannot let this one stand by."""

    code = "better_source"


class StreamEnded(SourceError):
    """The broadcaster has ended the stream."""

    code = "stream_ended"


class BroadcastEnded(SourceError):
    """The broadcaster has ended what is on, and may come back with the same key."""

    code = "broadcast_ended"


class StreamSuspended(SourceError):
    """Whoever runs the server has taken the stream off the air, until they let it go on."""

    code = "stream_suspended"


class SourceBanned(SourceError):
    """A rule of whoever runs the server denies this source's address or program."""

    code = "banned"


class ClientFull(SourceError):
    """The source's client has as many sources of its kind as it may have."""

    code = "client_limit"


class ShuttingDown(SourceError):
    """This server stops; the same key works again when it is back."""

    code = "shutting_down"


class ShareFull(StreamError):
    """As many streams of the tenant are on as its token allows."""

    code = "share_full"


class ServerFull(StreamError):
    """A limit of this server is reached."""

    code = "server_full"


class BadPicture(StreamError):
    """It is no picture that may be shown."""

    code = "bad_picture"


class BadKey(StreamError):
    """The ingest key is not for this stream, is expired, or was replaced by a newer one."""

    code = "bad_key"
