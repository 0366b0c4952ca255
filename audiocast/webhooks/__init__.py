"""Tells other programs what happens to streams, by the Standard Webhooks convention (standardwebhooks.com).

- `event`: what is told: types, payloads, and ids that are the same whoever tells; pure
- `signature`: secrets, and what is signed with them; pure
- `addresses`: which addresses may be dialled; pure
- `target`: where events are sent; pure
- `broadcast_facts`: what a member must know of a broadcast to go on telling of it; pure
- `sender`: one request to a target
- `delivery_queue`: tries, and tries again, within bounds
- `teller`: looks at streams, and makes events of what has changed
- `ready_show`: what is told of a recording, and whether all have taken it
- `successor`: what other members have told so far, and who tells when they are gone
- `service`: all of it, from the settings to the last try
"""
