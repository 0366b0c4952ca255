"""HTML of a stream for other people's pages, as text to be copied or to be sent to programs."""

from tornado.escape import xhtml_escape

FRAME_WIDTH = 480
FRAME_HEIGHT = 120
"""CSS pixels that the embedded player is drawn for; it makes do with less."""

UNTITLED = "Untitled broadcast"


def frame_code(embed_url: str, title: str, *, width: str = "100%", height: int = FRAME_HEIGHT) -> str:
    """Give the embedded player.

    Args:
        embed_url: Its page.
        title: Of the stream; may be empty.
        width: CSS pixels, or a share of the place.
        height: CSS pixels.
    """
    return (
        f'<iframe src="{xhtml_escape(embed_url)}" title="{xhtml_escape(title or UNTITLED)}"'
        f' width="{width}" height="{height}" style="border:0" allow="autoplay" loading="lazy"></iframe>'
    )


def plain_code(stream_url: str, listen_url: str, title: str) -> str:
    """Give a player that needs neither a frame nor scripts: the browser's own, and a link.

    HLS is for Safari before 18.4, which plays no Ogg.
    """
    source = xhtml_escape(stream_url)
    return (
        f'<audio controls preload="none"><source src="{source}" type="audio/ogg; codecs=opus">'
        f'<source src="{source}/hls/index.m3u8" type="application/vnd.apple.mpegurl"></audio>'
        f' <a href="{xhtml_escape(listen_url)}">{xhtml_escape(title or UNTITLED)}</a>'
    )
