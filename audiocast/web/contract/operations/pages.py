"""Pages for people, and their pictures."""

from audiocast.web.contract.operation import HTML, ID, TEXT, DeclaredAnswer, Operation, Parameter
from audiocast.web.contract.responses import OEmbed

PIXELS = {"type": "integer", "minimum": 1, "maximum": 999_999}
PICTURE = {**TEXT, "format": "binary"}


TOKEN = Parameter("token", "A listen token: the browser keeps a cookie, and is sent on without the token.")


def _page(
    path: str,
    name: str,
    summary: str,
    *,
    errors: tuple[str, ...] = (),
    parameters: tuple[Parameter, ...] = (),
) -> Operation:
    return Operation(
        "GET",
        path,
        name,
        summary,
        (DeclaredAnswer("The page.", TEXT, media_type=HTML),),
        errors=errors,
        parameters=parameters,
        has_error_page=True,
    )


def _qr(extension: str, media_type: str) -> Operation:
    return Operation(
        "GET",
        f"/listen/{{id}}/qr.{extension}",
        f"getQr{extension.capitalize()}",
        f"The QR code of a listen link ({extension.upper()})",
        (DeclaredAnswer("The picture.", PICTURE, media_type=media_type),),
        errors=("bad_stream_id", "link_too_long", "client_limit", "drawing_busy"),
        parameters=(ID, Parameter("token", "Of a private stream: the code is of the link with this token.")),
    )


def _cover(file: str, name: str, summary: str, media_type: str) -> Operation:
    return Operation(
        "GET",
        f"/listen/{{id}}/{file}",
        name,
        summary,
        (
            DeclaredAnswer(
                "The picture: drawn, or the one that the broadcaster has given, as what it is.",
                PICTURE,
                media_type=media_type,
                other_media_types=tuple(sorted({"image/jpeg", "image/png", "image/webp"} - {media_type})),
            ),
        ),
        errors=("bad_stream_id", "client_limit", "drawing_busy"),
        parameters=(
            ID,
            Parameter("v", "The version that the state of the stream has: with it, caches keep the picture."),
        ),
    )


def _icon(path: str, name: str, summary: str) -> Operation:
    return Operation(
        "GET",
        path,
        name,
        summary,
        (DeclaredAnswer("The icon.", PICTURE, media_type="image/png"),),
        errors=("not_found", "drawing_busy"),
        parameters=(
            Parameter(
                "size",
                "Pixels of each side.",
                place="path",
                schema={"type": "integer", "enum": [180, 192, 512]},
                is_required=True,
            ),
        ),
    )


PAGES = (
    _page("/", "getStartPage", "The start page"),
    _page("/broadcast", "getBroadcastPage", "The page from which anyone broadcasts"),
    _page(
        "/control/{id}",
        "getControlPage",
        "The page from which a broadcaster manages a stream",
        errors=("bad_stream_id",),
        parameters=(ID,),
    ),
    _page(
        "/selftest",
        "getSelfTestPage",
        "Tries which ways to play go on on this device",
        parameters=(Parameter("stream", "The id of a stream that is tried."),),
    ),
    _page(
        "/listen/{id}",
        "getListenPage",
        "The listener's page",
        errors=("bad_stream_id", "client_limit", "listen_token_needed"),
        parameters=(ID, TOKEN),
    ),
    _page(
        "/embed/{id}",
        "getEmbedPage",
        "The player for other pages",
        errors=("bad_stream_id", "client_limit"),
        parameters=(ID,),
    ),
    Operation(
        "GET",
        "/oembed",
        "getOEmbed",
        "oEmbed of a listen link",
        (DeclaredAnswer("The player.", OEmbed),),
        errors=(
            *("argument_missing", "bad_maxwidth", "bad_maxheight", "not_a_listen_link", "bad_stream_id"),
            *("stream_not_found", "client_limit", "format_not_there"),
        ),
        parameters=(
            Parameter("url", "The listen link.", is_required=True),
            Parameter("maxwidth", "Pixels.", schema=PIXELS),
            Parameter("maxheight", "Pixels.", schema=PIXELS),
            Parameter("format", "The only one there is.", schema={**TEXT, "enum": ["json"]}),
        ),
    ),
    Operation(
        "GET",
        "/listen/{id}/calendar.ics",
        "getCalendar",
        "When the broadcast is to begin, as an event (RFC 5545)",
        (DeclaredAnswer("The calendar.", TEXT, media_type="text/calendar"),),
        errors=("bad_stream_id", "client_limit", "no_start"),
        parameters=(ID,),
    ),
    _qr("svg", "image/svg+xml"),
    _qr("png", "image/png"),
    _cover("cover.svg", "getCoverSvg", "The cover of a stream, square (SVG)", "image/svg+xml"),
    _cover("cover.png", "getCoverPng", "The cover for cards, 1200 by 630 pixels (PNG)", "image/png"),
    _cover("cover-square.png", "getSquareCoverPng", "The cover of 512 by 512 pixels (PNG)", "image/png"),
    _icon("/icon-{size}.png", "getIcon", "The pages' icon"),
    _icon("/icon-square-{size}.png", "getSquareIcon", "The same without round corners"),
    Operation(
        "GET",
        "/scripts/{path}",
        "getScript",
        "A page's script with all modules that it imports",
        (DeclaredAnswer("The script.", TEXT, media_type="text/javascript"),),
        errors=("not_found",),
        parameters=(
            Parameter("path", "Below /static; it may have slashes.", place="path", is_required=True),
            Parameter("v", "The version that a page names: with it, caches keep the script."),
        ),
    ),
)
