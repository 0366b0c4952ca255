"""Clusters of 10 to 1,000 members, simulated with the server's own ring and membership.

- `simulate`: the command
- `simulated_ring`: who owns how many streams, and what moves
- `simulated_greetings`: how long members need to notice a change
"""
