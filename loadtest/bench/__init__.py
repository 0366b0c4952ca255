"""audiocast beside Icecast and a bare loop of `send`, and what the fan-out and the cluster cost.

- `compare`: the benchmark: every contender in one run, in turn, on the same source
- `variants`: the mechanisms of the server, one by one, and a source beside Icecast's
- `pass_cost`: the CPU time of a pass of the fan-out, here and in another checkout
- `private_listening`: what a check of a listen token costs, and a crowd that joins a private stream
- `encoding_cost`: what streams in other formats cost, and how soon they are heard
- `hot_spots`: where a server's time goes, by py-spy
- `unsent`: what the kernel keeps for a listener that does not read
- `cluster_cost`: what members cost each other
- `contenders`: the servers
- `scenarios`, `trial`: the lists of measurements, one measurement
- `results`, `criteria`, `table`, `plot`: samples, promises, and both ways to show them
- `programs`, `processes`, `listener_crowd`: the C programs, what processes cost, a crowd of listeners
"""
