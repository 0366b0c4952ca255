"""What only Icecast's programs ask for.

- `options`: `OPTIONS *`, which some source clients send first
- `status`: `/status-json.xsl`
"""
