"""HTTP: the public contract and the internal port. The only Tornado handlers.

- `routes`: which handler has which path, on each port
- `contract`: what the public API promises, as OpenAPI 3.1
- `http`: what all handlers stand on
- `public`: the public port's API
- `icecast`: what only Icecast's programs ask for
- `internal`: health, metrics, and what members ask of each other
- `pages`: pages for people
- `static`: the pages' modules and styles, one folder for each reader
"""
