"""audiocast: live Ogg Opus over HTTP, from one process to a cluster. Imports go down this list only.

- `cli`: the command
- `workers`: several processes on one port, and the process that watches over them
- `app`: the composition root: settings to objects, serve, stop
- `web`: all HTTP handlers, and the pages
- `telemetry`: logs and metrics
- `webhooks`: what happens to streams, told to other programs
- `recordings`: shows, recorded and kept
- `cluster`: many nodes as one service
- `hls`: a stream as HLS
- `formats`: a stream in other formats, made by processes of their own
- `stream`: hubs, backlog, fan-out, sources, keys
- `ogg`: Ogg pages and Opus packets
- `access_rules_file`: the file that says who may use the public port
- `aliases_file`: the paths that streams had at an Icecast server, and the passwords of its source clients
- `rules_file`: the rules of streams in a file, read before anything is accepted
- `webhook_targets_file`: who is told what happens to streams, in a file that may change
- `process`: descriptors, signals, the parent of a worker
- `limits`: settings as lower layers take them
- `setting_groups`: the settings of one thing each
- `settings`: every setting, from the command line and the environment
- `setting_errors`: what is wrong with a setting, in a line for people
- `serve_options`: the options of the command line, as its help shows them
- `secret_sources`: where secrets come from, and where they do not
- `migrate`: what an Icecast server was told, as settings, aliases and keys
- `notify`: a receiver of webhooks that tells people
- `report`: logs of ended listens, as numbers
- `listen_links`: links to private streams, made without a server
- `key_command`: an ingest key of any stream
- `token_command`: an API token with a share of the server
- `server_addresses`: what people type as a server's address, as URLs
- `check`: a client that sends audio to a server and listens to it
"""

__version__ = "0.1.0"
