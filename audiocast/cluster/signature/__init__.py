"""How members know that what they get is another member's, and meant for them.

- `mac`: what a MAC is made of, and with which key
- `identity`: who sends a message, and to whom
- `header`: the signatures of requests and answers, as headers
- `nonce_cache`: numbers that count once
- `frame_macs`: the MACs on a connection that carries audio
- `signer`: signs what this member sends, and checks what others send
- `signature_check`: what handlers ask first of each request
"""
