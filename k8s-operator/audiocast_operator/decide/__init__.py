"""What to do next: pure functions of what is wanted and what there is. No clock, API or network.

plan         roll-out and scale-down: the next pod to drain, keep or replace
autoscale    the number of pods that the listeners need
conditions   the conditions in the status of an AudioCast
rotation     the steps in which a secret is replaced
window       whether a maintenance window is open
pod_state    a pod as these functions see it
stream_facts what pods report of streams, and what follows for their keys
"""
