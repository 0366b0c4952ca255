"""`audiocast notify`: a receiver of webhooks that tells people: Discord, Slack, Telegram, Mastodon, e-mail.

- `texts`: what is said of an event, in English and in Russian; pure
- `messengers`: the services where it is said; only this module knows apprise
- `receiver`: takes webhooks, each once, and answers when it has been said
- `command`: options and environment, from the start to the stop
"""
