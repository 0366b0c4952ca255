"""Who may do what with a stream, by texts that the server has signed: no member keeps a list of them.

- `signed_claims`: claims of one stream under a MAC, for one purpose
- `listen_tokens`: who may listen to a private stream, and for how long
- `tenant_tokens`: who may make streams, of which ids and how many
- `access_code`: a code that people read aloud
- `private_streams`: which streams are private, and which of their listen tokens are revoked
- `listen_sessions`: what a token has opened ends with it
"""
