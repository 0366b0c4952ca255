"""The broadcaster: makes Ogg Opus and sends it to an audiocast server.

One thread may block, and it is the one that runs `Broadcaster.run`: it makes the sound, encodes it, waits for
the clock and sends. Everything else (the main thread with its signals, later a window) only sets its stop
event.
"""
