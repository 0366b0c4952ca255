"""Each error code of the public port, by its status. A code has one status."""

_CODES: dict[int, str] = {
    400: """
        argument_missing bad_charset bad_chunk bad_for_good bad_framing bad_header bad_hls_msn bad_hls_part
        bad_fallback
        bad_json bad_kbps bad_latency bad_maxheight bad_maxwidth bad_mode bad_mount bad_preroll bad_request
        bad_request_head bad_request_line bad_upgrade http_2 plain_http tls unexpected_body
        bad_crc bad_ogg bad_opus_head bad_opus_packet bad_opus_tags bad_packet bad_page bad_page_version
        bad_picture
        lost_sync no_audio too_damaged truncated unknown_serial
        """,
    401: "bad_key key_missing listen_token_needed token_needed",
    403: """
        banned better_priority foreign_origin id_needs_token id_outside_share listening_refused
        stream_suspended
        """,
    404: """
        bad_stream_id link_too_long media_not_found no_start not_a_listen_link not_found part_not_there
        stream_not_found recording_not_found stream_not_live use_status_json
        """,
    405: "method_not_allowed",
    408: "body_timeout request_timeout source_stalled",
    409: "better_source recording_not_ready recording_off stream_live taken_over",
    410: "broadcast_ended stream_ended",
    413: "body_too_large packet_too_large page_too_large",
    415: "multiplexed not_ogg_opus",
    416: "range_not_there",
    426: "upgrade_required",
    429: "client_limit too_fast",
    431: "headers_too_large",
    501: "format_not_there",
    503: """
        drawing_busy formats_busy no_audio_yet packager_unreachable recordings_unreachable server_full
        share_full shutting_down stream_full
        """,
}

STATUS_OF = {code: status for status, codes in _CODES.items() for code in codes.split()}

# Of any request: what is no request of HTTP/1.1, or has a query or a body that cannot be read; and who is
# banned.
UNREADABLE = (
    *("banned", "bad_chunk", "bad_framing", "bad_header", "bad_request", "bad_request_head", "body_timeout"),
    *("body_too_large", "headers_too_large", "request_timeout"),
)

# Of whatever needs a stream's key.
KEY = ("key_missing", "bad_key")

# Of a source, once its body has begun.
SOURCE = (
    *("bad_crc", "bad_ogg", "bad_opus_head", "bad_opus_packet", "bad_opus_tags", "bad_packet", "bad_page"),
    *(
        "bad_page_version",
        "better_source",
        "broadcast_ended",
        "lost_sync",
        "multiplexed",
        "no_audio",
        "not_ogg_opus",
    ),
    *("packet_too_large", "page_too_large", "server_full", "share_full", "shutting_down", "source_stalled"),
    *(
        "stream_ended",
        "stream_suspended",
        "taken_over",
        "too_damaged",
        "too_fast",
        "truncated",
        "unknown_serial",
    ),
)
