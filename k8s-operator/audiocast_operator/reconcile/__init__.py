"""The reconcile of AudioCasts and their Streams, and what calls it again and again.

cast_reconciler     one reconcile of an AudioCast, from the first read to the status
stream_reconciler   the Streams of an AudioCast: Secrets, suspension, status
children            applies the objects that an AudioCast consists of
secret_keeper       reads, makes and rotates the secret of an AudioCast
cast_status         builds the status of an AudioCast
found               an AudioCast and its pods, as the cluster has them
memory              what stays in memory between two reconciles
egress              the pods' rate of sending, from their counters
timer               reconciles every AudioCast every few seconds
turnstile           one reconcile of an AudioCast at a time
"""
