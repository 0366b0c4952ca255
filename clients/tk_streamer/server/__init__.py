"""The audiocast server as a broadcaster sees it: requests, responses, and the upload of a live body.

- `connection`: HTTP sessions for a body that never ends
- `http_request`: one request, and its response as a value or as an error
- `streams`: the requests about a stream that send no audio
- `own_link`: the way of a broadcaster to the page of a private stream
- `api_client`: a thread for these requests, which reports the responses
- `upload`: one source connection
"""
