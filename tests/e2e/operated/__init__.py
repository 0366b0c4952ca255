"""What the operator does, step by step in any cluster: a real one by `make e2e`, the simulated one else.

place: what the steps need of a cluster
encoder: an encoder of numbered packets that connects again, as docs/encoders/README.md asks for
audience: listeners that connect again, and what each of them missed
steps: the steps, in the order of an AudioCast's life
table: what the audience of each step has missed, to be printed
kubectl_place: a place on a real cluster
"""
