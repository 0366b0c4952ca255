"""The broadcaster: sound from a microphone or a file becomes Ogg Opus and goes to an audiocast server.

`station.Station` is the whole of it; `cli` and `window` are the two ways to start one. The head of `station`
says which threads there are and which of them may block.
"""
