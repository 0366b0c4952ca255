"""Who may use the public port at all: rules for addresses, programs and pages, which may change.

- `access_rules`: the rules, and which of them fits a request first
- `bans`: asked about each request; ends what a new rule forbids
"""
