"""The audience log: a line for each ended listen, in a file of the day or on standard output.

- `audience_log`: what is written of the audience, and when
- `line_writer`: lines on their way out of the process: a bounded queue, and a thread of its own that writes
- `day_files`: a file for each day
- `lines`: records as JSON and as Icecast's access log
- `client_names`: what stands for a client's address
- `agents`: families of programs that listen
- `tracks`: which tracks a stream's owner has shown
- `keeper`: all of a server that knows of its audience, made and stopped together
"""
