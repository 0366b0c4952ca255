"""The broadcaster's window: all that imports tkinter, and nothing that touches a sound card or a socket.

    app            the command, and the only place that makes the root window
    main_window    puts the panels together; polls the station and hands what it sees to them
    *_panel        one part of the window each: shows values, calls back on clicks, decides nothing
    presentation   pure: a snapshot of the station becomes words, a mark and a colour
    worker         a thread for whatever may block; results come back by polling

Tk's thread never blocks: it calls `Station.snapshot` and `Worker.submit`, and both return at once.
"""
