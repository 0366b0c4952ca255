"""`audiocast report`: what the logs of ended listens add up to, for one server or all members of a cluster.

A log is read once, line by line. What is kept grows with the streams, days and clients in it, never with its
lines: starts and ends wait for their order in a file on disk.

- `access_lines`: Icecast's access log, of our servers and of others
- `client_set`: a set of clients, small
- `command`: the options; logs in, text out
- `countries`: a client's country, by a MaxMind database
- `event_spool`: starts and ends in the order of their time, more than memory holds
- `forms`: the result as a table, CSV, JSON, a page, and SoundExchange's report of use
- `log_files`: lines of plain and compressed files, the oldest file first
- `lost_listens`: what a member that was killed has not written
- `period`: the time and the days that a report is of
- `plays`: which track was on when, and how many heard it
- `records`: the lines of our own log
- `result`: the numbers of a report
- `sweep`: who listened at once: peaks, and listening time by quarter of an hour
- `tally`: adds listens up
"""
