"""How late and how whole the sound is: in the listener's page, in `<audio>`, at the broadcaster's program.

- `player_bench`: the listener's page, in Chromium and Firefox, through all that may happen
- `tls_delay`: how much later it is through TLS
- `browsers`: those two
- `page_start`: how soon the page is of use on a slow phone
- `page_delay`: what long pages cost listeners
- `broadcaster_bench`: what the desktop program costs
- `audio_element`, `decoder_delay`, `raw_delay`: three ways to listen
- `paced_encoder`, `server_process`: the encoder and the server of these measurements
"""
