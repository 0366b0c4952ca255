"""Sources in other formats become Opus packets: run in a worker process only.

- `job`: the worker's part in one converted source
- `notes`: what server and worker say to each other about it
- `transcoder`: framer, decoder, resampler, encoder; the only module here that imports PyAV
- `mpeg_frames`: the framer of MP3 and AAC
- `wav`: the framer of WAV
- `flac_frames`: the framer of FLAC
- `ogg_frames`: the framer of Vorbis and FLAC in Ogg
- `comments`: titles within, without the pictures
- `errors`: what is wrong with a frame
- `units`: what framers give
"""
