"""Who may have what, as a request shows it.

- `auth_hook`: asks a program of the station's
- `listen_authority`: who else lets listeners in
- `listen_jwt`: tokens of an identity provider
- `listen_gate`: whom a private stream is there for
- `audit`: a line of the log for each act with a key or a token
- `listener_limits`: listeners of one stream at a time
- `tenants`: requests with a tenant's token, and how many of its streams are on
"""
