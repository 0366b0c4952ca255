"""Sources that are connected and not heard, and the choice of the one that is.

- `arrivals`: how the audio of a source comes
- `loop_file`: what is played while there is no source; read whole
- `loop_player`: plays it as a source
- `loop_folder`: the files of a server
- `rank`: which of two sources is heard
- `standby`: one source that stands by: its last audio, and how it comes
- `standbys`: those of one stream; says when which of them is heard
"""
