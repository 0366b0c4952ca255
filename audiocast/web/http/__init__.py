"""What all HTTP handlers stand on: services, errors, bounds, credentials, and raw responses.

- `accept_queue`: how many requests of a crowd go on in a turn of the event loop
- `access`: whom a private stream is there for
- `addresses`: whom a request comes from, and where this machine is found
- `aliases`: the paths that streams had at an Icecast server
- `body`: the bodies of requests, read as they come
- `bans`: who may use the public port at all
- `clients`: who asks, and how much each may have
- `compression`: pages and their files, gzipped
- `connections`: what is asked of every connection of the public port
- `credentials`: where a request carries its key or token
- `errors`: the HTTP status of an error, and its JSON
- `handlers`: the base classes of all handlers
- `http1`: HTTP/1.1 as Tornado reads it, with refusals of our own
- `json_body`: JSON bodies, checked
- `json_text`: JSON of answers
- `last_refusals`: why the last source of a stream was refused, for its broadcaster
- `listener_socket`: a listener's connection, as its fan-out has it
- `masked_websocket`: WebSockets that take no frame without a mask
- `public_connection`: one connection: its requests' heads, and answers to what is no request
- `raw_response`: a whole response as bytes, for connections that Tornado does not own
- `server`: one port: accepting connections
- `services`: what handlers work with: services, limits, readiness
- `state_feed`: the state of a stream as events, made once for all pages that watch it
- `tls`: a port with TLS: certificates, handshakes, records
- `urls`: absolute URLs that work for the client that asked
"""
