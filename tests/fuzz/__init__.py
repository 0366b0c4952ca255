"""`make fuzz`: hostile input by every way in, while a listener beside it must hear each packet.

    cases            what all ways share: a case, who is attacked, and how bytes are spoilt
    ogg_streams      Ogg Opus that is wrong somewhere, most of it with checksums that are right
    ingest           the ways "ogg" and "unframed": such a stream as a chunked body, and with no framing
    websocket        the way "websocket": frames of each kind and length
    http_heads       the way "http": request heads of any form
    api_bodies       the way "api": bodies and arguments of the API
    hls_queries      the way "hls": playlists, directives and names of media
    members          the way "members": signed requests and frames, to a server with a second member
    delivery         sends one case from an address of its own, and reads what comes back
    victim           the stream that is attacked by nobody, and who listens to it
    observed_server  the server in a process that also says how many tasks it has
    observation      a server's process from outside: what it holds, and the faults in its log
    campaign         runs cases of one way against a server with a victim, and judges
    __main__         all ways by turns for an hour, and the table

Case N of a way is the same for the same seed. Nothing is sent but to loopback addresses.
"""
