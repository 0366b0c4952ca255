"""TLS on a port of its own: certificates, handshakes beside the event loop, and records in both directions.

OpenSSL works on bytes in memory here, never on a socket. A client can make it work without bound otherwise:
`SSL_read` goes on for as long as records arrive that carry no data, and each change of keys costs 0.2 ms
(RFC 8446 section 4.6.3). Here each call gets one record.

- `certificate`: certificate and key from their files, proven by a handshake with themselves
- `certificate_files`: the certificate in use, which is renewed while the server runs
- `channel`: one connection's records, sealed and opened
- `connection`: a connection of the HTTP server over a channel
- `handshakes`: handshakes under way, bounded in number and in time
- `listener`: a listener's connection over a channel, for the fan-out
- `server`: the port
"""
