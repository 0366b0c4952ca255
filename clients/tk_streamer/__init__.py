"""The broadcaster: sound from a microphone or a file becomes Ogg Opus and goes to an audiocast server.

Window and command are the two ways to start the engine, which joins sound and server:

    window | command -> engine -> audio, server -> trouble -> errors

- `window/`: `audiocast-tk`
- `command/`: `audiocast-stream`
- `engine/`: one broadcast; the head of `engine.station` says which threads there are and which may block
- `audio/`: sources of sound, and what they become
- `server/`: the calls to the server
- `trouble`: what is wrong, for people
- `errors`: the one tree of errors
"""
