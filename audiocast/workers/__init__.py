"""Several processes on one port: servers that are members of one cluster, and who watches over them.

Each worker is a whole server with an event loop and a core of its own. The kernel deals out new connections
to them (SO_REUSEPORT), and they find each other's streams as members of any cluster do: over internal ports,
here on the loopback address. The parent serves no audio. It starts workers, starts again who has died, stops
them, and speaks for all on the internal port.
"""
