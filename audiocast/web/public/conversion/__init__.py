"""Sources in other formats than Ogg Opus, on their way to it.

- `entry`: what a source's first bytes are, and what they go through
- `converter`: the bytes of one source to a format worker, and pages of what comes back
"""
