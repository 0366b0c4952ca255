{{/*
The alerts. docs/runbook.md has a section of the same name for each; tests/helm/alerts has a case in which it fires.
A value is what the people on call want to read first; `$labels.pod` says where. Alerts of a pod keep all labels of its
series, with `cluster` or what else tells clusters apart: a sum over clusters would hide one behind another.
*/}}
{{- define "audiocast.alerts" -}}
{{- $pods := include "audiocast.metricsSelector" . }}
{{- $rule := .Values.metrics.prometheusRule }}
{{- $where := include "audiocast.aggregationLabels" . }}
{{- $near := divf $rule.nearLimitPercent 100 }}
- alert: AudiocastAbsent
  # Of several clusters, one without pods is seen only by what it had some hours ago.
  expr: >-
    absent(audiocast_build_info{ {{- $pods -}} })
    or (count by ({{ $where }}) (max_over_time(audiocast_build_info{ {{- $pods -}} }[6h]))
    unless count by ({{ $where }}) (audiocast_build_info{ {{- $pods -}} }))
  for: 5m
  labels: { severity: critical }
  annotations:
    summary: Prometheus sees no audiocast pod
    description: >-
      Nothing is scraped from the pods of {{ include "audiocast.fullname" . }} in {{ .Release.Namespace }}
      {{- `{{ with $labels.cluster }} (cluster {{ . }}){{ end }}` }}.
- alert: AudiocastSourceQuiet
  expr: increase(audiocast_source_gaps_total{ {{- $pods -}} }[5m]) > 2
  labels: { severity: warning }
  annotations:
    summary: A live stream gets no data from its source
    description: >-
      An encoder stays connected to {{`{{ $labels.pod }}`}} and sends nothing for seconds, {{`{{ $value | humanize }}`}} times
      in five minutes. Its listeners hear silence meanwhile.
- alert: AudiocastSilence
  expr: rate(audiocast_silence_seconds_total{ {{- $pods -}} }[2m]) > 0.5
  for: 2m
  labels: { severity: warning }
  annotations:
    summary: Listeners hear silence instead of a stream
    description: >-
      {{`{{ $labels.pod }}`}} makes {{`{{ $value | humanize }}`}} seconds of silence a second for streams whose source is
      away, for minutes on end.
- alert: AudiocastDelay
  expr: >-
    histogram_quantile(0.99, rate(audiocast_fanout_delay_seconds_bucket{ {{- $pods -}} }[5m]))
    > {{ $rule.delaySeconds }}
  for: 5m
  labels: { severity: warning }
  annotations:
    summary: Audio leaves a pod late
    description: >-
      From a page's arrival at {{`{{ $labels.pod }}`}} to its being sent to all listeners it takes
      {{`{{ $value | humanizeDuration }}`}} (99th percentile).
- alert: AudiocastLoopLag
  expr: >-
    histogram_quantile(0.99, rate(audiocast_loop_lag_seconds_bucket{ {{- $pods -}} }[5m]))
    > {{ $rule.loopLagSeconds }}
  for: 5m
  labels: { severity: warning }
  annotations:
    summary: A pod's event loop is late
    description: >-
      {{`{{ $labels.pod }}`}} has too little of a core: its event loop is {{`{{ $value | humanizeDuration }}`}} late (99th
      percentile).
- alert: AudiocastNearLimit
  expr: >-
    audiocast_listeners{ {{- $pods -}} } / audiocast_listeners_limit > {{ $near }}
    or audiocast_egress_bytes_per_second{ {{- $pods -}} } / audiocast_egress_limit_bytes_per_second > {{ $near }}
    or rate(process_cpu_seconds_total{ {{- $pods -}} }[5m]) > {{ $near }}
  for: 5m
  labels: { severity: warning }
  annotations:
    summary: A pod is near its limit
    description: >-
      {{`{{ $labels.pod }}`}} uses {{`{{ $value | humanizePercentage }}`}} of what it can take: of MAX_LISTENERS, of
      MAX_EGRESS_MBPS, or of one core.
- alert: AudiocastTurnsAway
  expr: increase(audiocast_listeners_turned_away_total{ {{- $pods -}} }[5m]) > 0
  # One listener who tries again is no reason to wake anybody.
  for: 5m
  labels: { severity: critical }
  annotations:
    summary: Listeners are turned away
    description: >-
      {{`{{ $labels.pod }}`}} is full ({{`{{ $labels.reason }}`}}) and has turned away {{`{{ $value | humanize }}`}} listeners in
      five minutes.
- alert: AudiocastViewsDiffer
  expr: audiocast_views_differing{ {{- $pods -}} } > 0
  for: 1m
  labels: { severity: warning }
  annotations:
    summary: Members do not agree on who is there
    description: "{{`{{ $value }}`}} members see other members than {{`{{ $labels.pod }}`}} does: a stream may have two owners."
- alert: AudiocastOwnerConflicts
  expr: increase(audiocast_owner_conflicts_total{ {{- $pods -}} }[10m]) > 0
  labels: { severity: warning }
  annotations:
    summary: Two members have owned the same stream
    description: >-
      {{`{{ $labels.pod }}`}} has given way {{`{{ $value | humanize }}`}} times in ten minutes to a member that owned the same
      stream.
- alert: AudiocastDrainStuck
  expr: audiocast_draining{ {{- $pods -}} } == 1
  for: {{ add (include "audiocast.gracePeriodSeconds" .) 60 }}s
  labels: { severity: warning }
  annotations:
    summary: A pod leaves and is not gone
    description: >-
      {{`{{ $labels.pod }}`}} drains for longer than it is given. It takes no new streams and listeners meanwhile.
- alert: AudiocastCertificateExpires
  expr: audiocast_certificate_expires_timestamp_seconds{ {{- $pods -}} } - time() < 3 * 86400
  for: 5m
  labels: { severity: critical }
  annotations:
    summary: The certificate for HTTPS is about to expire
    description: >-
      The certificate that {{`{{ $labels.pod }}`}} shows is over in {{`{{ $value | humanizeDuration }}`}}; clients refuse it
      then.
- alert: AudiocastCertificateRefused
  expr: audiocast_certificate_refused{ {{- $pods -}} } > 0
  for: 10m
  labels: { severity: warning }
  annotations:
    summary: The files of a new certificate cannot be used
    description: >-
      {{`{{ $labels.pod }}`}} has found {{`{{ $value }}`}} new certificate that it cannot use, and goes on with the one from
      before. Its log says why.
- alert: AudiocastWebhooksLate
  expr: audiocast_webhooks_oldest_seconds{ {{- $pods -}} } > 600
  for: 5m
  labels: { severity: warning }
  annotations:
    summary: A receiver of webhooks does not take what it is told
    description: >-
      The oldest webhook of {{`{{ $labels.pod }}`}} has waited for {{`{{ $value | humanizeDuration }}`}}. After an hour it is given
      up. Its log says why.
- alert: AudiocastRecordingLost
  expr: increase(audiocast_recording_lost_seconds_total{ {{- $pods -}} }[10m]) > 0
  labels: { severity: critical }
  annotations:
    summary: Audio of a recording is lost
    description: >-
      {{`{{ $labels.pod }}`}} has lost {{`{{ $value | humanizeDuration }}`}} of recordings: the store takes nothing, and there is no
      room for more to wait. Its log says why.
- alert: AudiocastRecordingStoreAway
  expr: audiocast_recording_oldest_seconds{ {{- $pods -}} } > 60
  for: 2m
  labels: { severity: warning }
  annotations:
    summary: The store of recordings takes nothing
    description: >-
      The oldest chunk of {{`{{ $labels.pod }}`}} has waited for {{`{{ $value | humanizeDuration }}`}}. Nothing is lost while there is
      room for them to wait. Its log says why.
{{- end }}

{{/* Labels by which numbers of all pods are added up. */}}
{{- define "audiocast.aggregationLabels" -}}
{{ prepend .Values.metrics.prometheusRule.aggregationLabels "namespace" | join ", " }}
{{- end }}
