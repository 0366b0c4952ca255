"""The audiocast server as a broadcaster sees it: requests, answers, and the upload of a live body.

- `connection`: HTTP sessions for a body that never ends
- `answers`: one request, and its answer as a value or as an error
- `streams`: the calls about a stream that send no audio
- `upload`: one source connection
"""
