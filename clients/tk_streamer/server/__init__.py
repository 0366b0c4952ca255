"""The audiocast server as a broadcaster sees it: requests, answers, and the upload of a live body.

- `connection`: HTTP sessions for a body that never ends
- `answers`: one request, and its answer as a value or as an error
- `streams`: the calls about a stream that send no audio
- `api_client`: a thread for these calls, which reports their answers
- `upload`: one source connection
"""
