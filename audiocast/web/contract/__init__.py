"""What the public API promises: its paths, what each takes and answers, and its errors, as OpenAPI 3.1.

- `document`: all of it as one OpenAPI document
- `error_codes`: each error code with its status
- `operation`: what is declared of one method of one path
- `operations`: every method of every path
- `recordings`: the JSON of recordings, bodies and answers
- `requests`: the JSON of bodies
- `responses`: the JSON of answers

Handlers build the types of `responses` and parse bodies with those of `requests`. Whoever adds a field adds
it there, and whoever adds a route declares it in `operations`: tests/unit/web/contract says what is missing.
"""
