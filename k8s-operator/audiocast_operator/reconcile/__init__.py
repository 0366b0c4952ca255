"""The reconcile of AudioCasts and their Streams, and what calls it again and again.

cast_reconciler     one reconcile of an AudioCast, from the first read to the status
stream_reconciler   the Streams of an AudioCast: what each one lacks, suspension, status
stream_secrets      the Secrets of a Stream: URL, key and access code; links for listeners
stream_webhooks     the targets of Streams' webhooks, in the Secret that pods mount
rules_reconciler    what holds for streams: told to pods, and written down for those that start
secret_reconciler   the secret of an AudioCast: made, rotated, or the user's own
children            applies the objects that an AudioCast consists of
claims              what belongs to whom: writes and deletes only what is the owner's
problems            what went wrong in a reconcile, so that a step that fails holds no other
cast_status         builds the status of an AudioCast
observed            an AudioCast and its pods, as a reconcile has read them
memory              what stays in memory between two reconciles, and the meter of what pods send
resync              the timer that reconciles every AudioCast every few seconds
watches             reconciles at once what has changed
keyed_lock          one reconcile of an AudioCast at a time
"""
