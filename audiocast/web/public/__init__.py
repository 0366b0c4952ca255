"""The public port's API: audio in, audio out, and what is known of a stream.

- `access`: listen tokens as broadcasters make them
- `audience`: who listens and who did
- `conversion`: sources in other formats than Ogg Opus
- `covers`: the face of a stream
- `events`: what is known of a stream, as events
- `hls`: audio out, as HLS
- `hls_listening`: a request of a player of HLS as part of a listen
- `hls_media`: HLS that this member makes
- `ingest`: audio in, over HTTP
- `ingest_socket`: audio in, over a WebSocket
- `intake`: what both ways in share
- `listen`: audio out
- `metadata`: what is on now
- `playlists`: M3U and PLS for players
- `recordings`: shows that are recorded
- `start`: a broadcaster asks for a stream
- `stream_formats`: which format of a stream is asked for
- `streams`: what is known of a stream, as JSON
- `waiting`: requests about streams that may not be there
"""
