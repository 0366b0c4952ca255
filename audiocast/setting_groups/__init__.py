"""The settings of one thing each; `settings` is all of them together.

- `access_settings`: who may use the public port
- `audience_settings`: the audience log
- `auth_hook_settings`: who else is asked who may listen and broadcast
- `client_budget_settings`: what one client may take
- `fallback_settings`: sources that stand by
- `format_settings`: who makes other formats, and which of them sources may send
- `kubernetes_settings`: what Kubernetes gives a pod
- `port_settings`: ports and TLS
- `recording_settings`: what is recorded, and where it is kept
- `webhook_settings`: who is told what happens to streams
"""
