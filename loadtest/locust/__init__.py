"""Load from outside, with Locust.

- `locustfile`: broadcasters, listeners, and the stages of a bad evening
- `stages`: what a load test does when
- `thresholds`: when a load test has failed
- `page_clock`: when a page was made, and what a listener can tell from it
"""
