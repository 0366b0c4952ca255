"""Several processes on one port: servers that are members of one cluster, and the parent that starts them.

Each worker is a whole server with an event loop and a core of its own. The kernel distributes new connections
among them (SO_REUSEPORT), and they find each other's streams as members of any cluster do: over internal
ports, here on the loopback address. The parent serves no audio. It starts workers, restarts those that die,
stops them, and answers for all of them on the internal port.

- `ports`: ports that are reserved for several processes
- `supervisor`: the parent
- `worker`: one worker's process
"""
