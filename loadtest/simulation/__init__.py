"""Parts of the server on made-up machines: its own ring and membership, and its own fan-out.

- `simulate`: the command
- `simulated_ring`: who owns how many streams, and what moves
- `simulated_greetings`: how long members need to notice a change
- `pacing`: how often live listeners are sent to, and how late pages are then
"""
