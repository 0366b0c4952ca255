"""What only Icecast's programs ask for.

- `admin`: `/admin/stats`, `listmounts`, `listclients` and `killsource`, for panels
- `alias_routes`: which handler a request for an alias gets
- `charsets`: the character sets that their requests may name
- `metadata`: `/admin/metadata`, with which source clients send what is on now
- `mounts`: mounts, and the streams that they mean
- `options`: `OPTIONS *`, which some source clients send first
- `status`: `/status-json.xsl`
- `xml`: XML in Icecast's form

Some of it cannot stand apart: the method `SOURCE` is in `public.ingest`, the version `ICE/1.0` of a request
line in `http.server`, and the password of Basic credentials in `http.credentials`.
"""
