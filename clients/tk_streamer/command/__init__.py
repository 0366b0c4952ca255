"""`audiocast-stream`: the broadcaster without a window, for scripts and small computers.

- `cli`: the command: wires a station to a command line, a terminal and signals
- `options`: the command line and its help
- `report`: what is written to standard error while it runs
- `terminal_qr`: a link as a QR code made of characters
"""
