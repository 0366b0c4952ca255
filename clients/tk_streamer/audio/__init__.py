"""Sound: where it comes from, how loud it is, and how it becomes Opus and Ogg. No network and no window.

- `pcm`: the PCM that all of these exchange
- `sources`: what every source offers, and sources that compute their sound
- `capture`: a sound input, through PortAudio
- `devices`: the sound inputs of this computer
- `pulse_sources`: those of PulseAudio and PipeWire, by the names that people know
- `files`: a file that FFmpeg can decode
- `music`: generated music, and a plain tone
- `pacing`: real time for sources that have no clock
- `timekeeping`: as much sound goes out as time goes by, whatever the sound card's clock does
- `nudging`: a block that is one sample longer or shorter
- `resampling`: any sound to 16 bits, 48 kHz, one or two channels
- `level`: how loud the sound is
- `level_control`: from a source to the encoder: mute, gain, limiter, meters
- `limiter`: gain, high-pass, and the true-peak limiter
- `loudness`: the loudness that people hear
- `filters`: FFmpeg's filters in a row
- `presets`: what goes together for music and for voices
- `encoder`: PCM to Opus packets, with libopus
- `ffmpeg_encoder`: the same with the ffmpeg program
- `muxer`: Opus packets to the pages of one Ogg bitstream
"""
