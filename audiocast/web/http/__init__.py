"""What all HTTP handlers stand on: errors, limits, credentials, and answers that Tornado no longer owns.

- `accept_queue`: how many connections of a crowd are taken in at a turn of the event loop
- `compression`: pages and their files, gzipped
- `credentials`: where a request carries its key or token
- `errors`: which status an error deserves
- `handlers`: what all handlers share: errors, limits, headers
- `json_body`: JSON bodies, checked
- `raw_response`: a whole response as bytes, for connections that Tornado no longer owns
- `services`: what handlers work with: services, limits, readiness
- `server`: accepting connections, and answers to those that never become requests
- `urls`: links that work for whoever asked
"""
