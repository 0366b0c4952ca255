"""One broadcast: from a source of sound to a server, over as many connections as it takes.

- `station`: wires the parts; its head lists the threads, and which of them may block
- `control`: the thread that decides
- `broadcast_state`: the state machine of one broadcast: pure
- `events`: the events of all threads, in one queue
- `engine_thread`: a thread that reports how it ended
- `encoder_thread`: the audio thread: source to packets
- `preview`: the sound of an input before a broadcast
- `packet_queue`: packets between the encoder and the connection
- `uplink`: one connection of a broadcast
- `local_copy`: an .opus file of all that was encoded
"""
