"""HTML of a stream for other people's pages, as text that a visitor copies or a program fetches."""

from tornado.escape import xhtml_escape

# CSS pixels that the embedded player is drawn for; it fits into less.
FRAME_WIDTH = 480
FRAME_HEIGHT = 120

UNTITLED = "Untitled broadcast"


def frame_code(embed_url: str, title: str, *, width: str = "100%", height: int = FRAME_HEIGHT) -> str:
    """Return the embedded player as a frame.

    Args:
        embed_url: URL of the player's page.
        title: The stream's title; may be empty.
        width: CSS pixels, or a share of the surrounding element.
        height: CSS pixels.
    """
    return (
        f'<iframe src="{xhtml_escape(embed_url)}" title="{xhtml_escape(title or UNTITLED)}"'
        f' width="{width}" height="{height}" style="border:0" allow="autoplay" loading="lazy"></iframe>'
    )


def plain_code(stream_url: str, listen_url: str, title: str) -> str:
    """Return a player that needs neither a frame nor scripts: the browser's own, and a link.

    HLS is for Safari before 18.4, which plays no Ogg.
    """
    source = xhtml_escape(stream_url)
    return (
        f'<audio controls preload="none"><source src="{source}" type="audio/ogg; codecs=opus">'
        f'<source src="{source}/hls/index.m3u8" type="application/vnd.apple.mpegurl"></audio>'
        f' <a href="{xhtml_escape(listen_url)}">{xhtml_escape(title or UNTITLED)}</a>'
    )
