"""For each element of Icecast's without a setting of audiocast's: why it needs none, or what to do instead.

A path is written from below <icecast>, and stands for all that is in the element but for what has a line of
its own. What begins with "=" needs nothing to be done.
"""

COUNTERPARTS = {
    "admin": "= It was shown on Icecast's own pages only.",
    "authentication/admin-password": (
        "Panels send an API token as their password instead: API_TOKENS has a new one."
    ),
    "authentication/admin-user": "= The user name says nothing here.",
    "authentication/relay-password": (
        "Relays ask for the stream like any listener; no password is needed for it."
    ),
    "authentication/relay-user": "= The user name says nothing here.",
    "authentication/source-password": "= No mount takes it: those that have none of their own would.",
    "directory": (
        "audiocast announces itself to no directory. Enter the listen link by hand where a directory "
        "takes links."
    ),
    "fileserve": (
        "audiocast serves no files. If there were some, put a web server in front (docs/proxies.md)."
    ),
    "http-headers": "Audio has Access-Control-Allow-Origin: * already. Other fields are added by a proxy.",
    "limits/body-size-limit": "= Requests have bounds of their own.",
    "limits/client-timeout": "= A client that takes nothing is closed after LISTENER_STALL_SECONDS.",
    "limits/header-timeout": "= A request has 15 s for its head.",
    "limits/max-bandwidth": "MAX_EGRESS_MBPS bounds what goes out to listeners, in Mbit/s.",
    "limits/min-queue-size": "= See queue-size: a slow listener is moved to the newest audio.",
    "limits/queue-size": (
        "= A slow listener is moved to the newest audio (LISTENER_LAG_SECONDS), and is not dropped."
    ),
    "limits/source-timeout": "= Listeners hear silence while a source is away (SOURCE_GRACE_SECONDS, 30 s).",
    "limits/sources": "= Each mount has one source. MAX_STREAMS bounds all streams, 2,000 unless set.",
    "limits/threadpool": "= WORKERS has one process for each core.",
    "limits/workers": "= WORKERS has one process for each core.",
    "listen-socket/shoutcast-compat": (
        "SHOUTcast's protocol is not spoken: choose Icecast 2 in the source client."
    ),
    "listen-socket/shoutcast-mount": (
        "SHOUTcast's protocol is not spoken: choose Icecast 2 in the source client."
    ),
    "location": "= It was shown on Icecast's own pages only.",
    "logging": "= Logs go to standard error, which systemd or the container keeps.",
    "logging/accesslog": (
        "No log names listeners. Their numbers are in /metrics, and in /status-json.xsl as Icecast's "
        "programs read them."
    ),
    "logging/playlistlog": "The last 20 tracks are at /api/streams/STREAM_ID/history.",
    "master-password": "See master-server.",
    "master-redirect": "See master-server.",
    "master-server": (
        "audiocast pulls no streams. Send each mount here as well, or run several servers as one "
        "(docs/cluster.md)."
    ),
    "master-server-port": "See master-server.",
    "master-ssl-port": "See master-server.",
    "master-update-interval": "See master-server.",
    "master-username": "See master-server.",
    "mount/authentication": (
        "Everybody who has the link may listen: no listener is asked for a name or a password. Keep the "
        "link private, or put a proxy with auth_request in front of this path (docs/proxies.md)."
    ),
    "mount/bitrate": "= The server measures it.",
    "limits/burst-size": "= burst-on-connect is off.",
    "mount/burst-size": "PREROLL_SECONDS is for all streams; a player asks for its own by ?preroll=SECONDS.",
    "mount/charset": "= Titles are read as UTF-8, else as windows-1252; a client may name another.",
    "mount/dump-file": (
        "audiocast records nothing. Let the encoder keep a copy, or record a listener's stream."
    ),
    "mount/fallback-mount": (
        "Listeners hear silence for SOURCE_GRACE_SECONDS and stay. For other audio, let the studio's "
        "program fall back, or let another encoder send to this mount while its own is away: the newest "
        "one is heard."
    ),
    "mount/fallback-override": "= The newest source is heard, and listeners stay where they are.",
    "mount/fallback-when-full": "Who does not fit is answered 503, with Retry-After.",
    "mount/filter-theora": "= There is no video here.",
    "mount/genre": "= Only a directory wanted it.",
    "mount/hidden": "= The mount is listed, as it was.",
    "mount/http-headers": (
        "Audio has Access-Control-Allow-Origin: * already. Other fields are added by a proxy."
    ),
    "mount/intro": "There is no intro: a listener begins with what is on the air.",
    "mount/max-history": "= The last 20 tracks are kept.",
    "mount/max-listener-duration": "Nobody is sent away after a time.",
    "mount/max-listeners": "MAX_LISTENERS is for all streams together; there is no bound of one stream.",
    "mount/mp3-metadata-interval": "= Titles are in the audio and on the pages.",
    "mount/no-mount": "= Who asks for the path gets the stream.",
    "mount/no-yp": "= audiocast announces itself to no directory.",
    "mount/on-connect": (
        "Nothing is started. Watch /api/streams/STREAM_ID/events, or audiocast_streams in /metrics."
    ),
    "mount/on-disconnect": "See on-connect.",
    "mount/password": "= Another mount of this name, or another password, holds.",
    "mount/public": "= audiocast announces itself to no directory.",
    "mount/queue-size": "= A slow listener is moved to the newest audio, and is not dropped.",
    "mount/source-timeout": "= Listeners hear silence while a source is away (SOURCE_GRACE_SECONDS, 30 s).",
    "mount/stream-description": "A stream has a title, and no description.",
    "mount/stream-url": "A stream has a page of its own, /listen/STREAM_ID.",
    "mount/subtype": "= The server finds it in the audio.",
    "mount/type": "= The server finds it in the audio.",
    "mount/username": "= The user name says nothing here.",
    "paths/adminroot": "= Pages are part of the program.",
    "paths/allow-ip": "Addresses are let in by a firewall or a proxy.",
    "paths/basedir": "= There is no chroot.",
    "paths/deny-ip": "Addresses are kept out by a firewall or a proxy.",
    "paths/logdir": "= Logs go to standard error.",
    "paths/pidfile": "= systemd or the container knows the process.",
    "paths/ssl-allowed-ciphers": "= The ciphers are those that OpenSSL prefers.",
    "paths/webroot": (
        "audiocast serves no files. If there were some, put a web server in front (docs/proxies.md)."
    ),
    "relays-on-demand": "= Nothing is pulled.",
    "security": "= The systemd unit runs as a user without rights, and needs no chroot.",
    "server-id": "= The server says what it is.",
    "shoutcast-mount": "SHOUTcast's protocol is not spoken: choose Icecast 2 in the source client.",
}

# Of these only what is inside is looked at.
CONTAINERS = frozenset("authentication limits listen-socket mount paths".split())

# What is told of an element that is not in the table.
UNKNOWN = "This element is not known here, and nothing was done about it."


def counterpart(path: str) -> tuple[str, bool]:
    """Return what to say of an element, and whether something is to be done.

    Args:
        path: Of the element, from below <icecast>.
    """
    text = COUNTERPARTS.get(path, UNKNOWN)
    return text.removeprefix("= "), not text.startswith("=")
