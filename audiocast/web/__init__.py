"""HTTP: the public contract and the internal port. The only Tornado handlers; one module per direction.

- `start`: a broadcaster asks for a stream
- `ingest`: audio in
- `listen`: audio out
- `hls`: audio out, as HLS; `hls_answers`: from this member
- `state`: what is known of a stream, as JSON and as events
- `metadata`: what is on now
- `pages`: the start page, the listener's page, QR codes
- `internal`: metrics and health, on the other port
- `base`: what all handlers share: errors, limits, headers
- `body`: JSON bodies, checked
- `errors`: which status an error deserves
- `context`: what handlers work with
- `links`: links that work for whoever asked
- `credentials`: where a request carries its key or token
- `reply`: a whole response as bytes, for connections that Tornado no longer owns
- `server`: accepting connections, and answers to those that never become requests
- `routes`: which handler has which path
"""
