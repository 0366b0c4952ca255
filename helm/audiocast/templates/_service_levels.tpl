{{/*
Three service levels: what share of them was missed is recorded over several windows, and alerts say when the error budget
of 30 days burns too fast (Google's SRE workbook, "Alerting on SLOs", multiwindow and multi-burn-rate).
*/}}

{{/* For each level: its name, the value that has its objective, and the share that was missed in WINDOW. */}}
{{- define "audiocast.serviceLevels" -}}
{{- $pods := include "audiocast.metricsSelector" . }}
{{- $by := printf "sum by (%s)" (include "audiocast.aggregationLabels" .) }}
Join:
  objective: joinPercent
  record: audiocast:joins_slow
  # Of those who got audio: how many waited two seconds or longer for it.
  missed: >-
    1 - {{ $by }} (rate(audiocast_http_request_seconds_bucket{ {{- $pods -}} ,handler="Listen",le="2.0"}[WINDOW]))
    / {{ $by }} (rate(audiocast_http_request_seconds_count{ {{- $pods -}} ,handler="Listen"}[WINDOW]))
  summary: Listeners wait for their first audio
  description: of the listeners waited two seconds or longer for their first audio
Audio:
  objective: audioPercent
  record: audiocast:seconds_silent
  # Of the seconds of streams that are on the air, or held while their source is away: how many were filled with silence.
  missed: >-
    {{ $by }} (rate(audiocast_silence_seconds_total{ {{- $pods -}} }[WINDOW]))
    / ({{ $by }} (avg_over_time(audiocast_owned_streams{ {{- $pods -}} }[WINDOW]))
    + {{ $by }} (avg_over_time(audiocast_streams{ {{- $pods -}} ,state="held"}[WINDOW])))
  summary: Listeners hear silence instead of streams
  description: of the time of all streams was silence, since their sources were away
Room:
  objective: roomPercent
  record: audiocast:listeners_turned_away
  # Who waits for a stream that is not on is no listener yet, and often asks for made-up ids.
  missed: >-
    {{ $by }} (rate(audiocast_listeners_turned_away_total{ {{- $pods -}} ,reason!="waiting"}[WINDOW]))
    / ({{ $by }} (rate(audiocast_listener_joins_total{ {{- $pods -}} }[WINDOW]))
    + {{ $by }} (rate(audiocast_listeners_turned_away_total{ {{- $pods -}} ,reason!="waiting"}[WINDOW])))
  summary: Listeners find no room
  description: of those who wanted to listen were turned away
{{- end }}

{{- define "audiocast.serviceLevelRules" -}}
{{- $values := .Values.metrics.prometheusRule.serviceLevels }}
{{- $levels := fromYaml (include "audiocast.serviceLevels" .) }}
{{- $release := include "audiocast.fullname" . }}
{{- range $name, $level := $levels }}
{{- range $window := list "5m" "30m" "1h" "2h" "6h" "1d" "3d" }}
- record: {{ $level.record }}:ratio_rate{{ $window }}
  expr: {{ $level.missed | replace "WINDOW" $window | quote }}
  labels: { release: {{ $release }} }
{{- end }}
{{- end }}
{{- range $name, $level := $levels }}
{{- $budget := divf (subf 100 (get $values $level.objective)) 100 }}
{{- $series := printf "%s:ratio_rate%%s{namespace=\"%s\",release=\"%s\"}" $level.record $.Release.Namespace $release }}
{{- range $speed := list
  (dict "is" "Fast" "for" "2m" "severity" "critical" "over" "an hour" "pairs" (list (list "1h" "5m" 14.4) (list "6h" "30m" 6.0)))
  (dict "is" "Slow" "for" "1h" "severity" "warning" "over" "a day" "pairs" (list (list "1d" "2h" 3.0) (list "3d" "6h" 1.0)))
}}
{{- $burns := list }}
{{- range $speed.pairs }}
{{- $bound := mulf (index . 2) $budget }}
{{- $long := printf $series (index . 0) }}
{{- $short := printf $series (index . 1) }}
{{- $burns = append $burns (printf "(%s > %v and %s > %v)" $long $bound $short $bound) }}
{{- end }}
- alert: Audiocast{{ $name }}Budget{{ $speed.is }}
  expr: {{ join " or " $burns | quote }}
  for: {{ $speed.for }}
  labels: { severity: {{ $speed.severity }} }
  annotations:
    summary: {{ $level.summary }}
    description: >-
      In {{`{{ $labels.namespace }}{{ with $labels.cluster }} (cluster {{ . }}){{ end }}`}},
      {{`{{ $value | humanizePercentage }}`}} {{ $level.description }}: for {{ $speed.over }} or longer. The objective is
      {{ get $values $level.objective }} %.
{{- end }}
{{- end }}
{{- end }}
