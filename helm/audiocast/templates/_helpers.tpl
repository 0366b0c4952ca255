{{/* Names, labels and whatever more than one file needs. */}}

{{- define "audiocast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for what is appended: -peers here, and -0-REVISION by Kubernetes, in a label of 63 characters. */}}
{{- define "audiocast.fullname" -}}
{{- $name := include "audiocast.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 48 | trimSuffix "-" }}
{{- end }}

{{- define "audiocast.peersName" -}}
{{ include "audiocast.fullname" . }}-peers
{{- end }}

{{- define "audiocast.secretName" -}}
{{ default (include "audiocast.fullname" .) .Values.secret.existingSecret }}
{{- end }}

{{- define "audiocast.serviceAccountName" -}}
{{ default (ternary (include "audiocast.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{/* Whatever finds the servers' pods; never changes in the life of a release. */}}
{{- define "audiocast.selectorLabels" -}}
app.kubernetes.io/name: {{ include "audiocast.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{/* Of objects, not of pods: a chart's new version must not restart them. */}}
{{- define "audiocast.labels" -}}
{{ include "audiocast.selectorLabels" . }}
{{ include "audiocast.releaseLabels" . }}
{{- end }}

{{- define "audiocast.releaseLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Docker takes what comes before the first slash for a registry when it has a dot or a port, or is localhost. */}}
{{- define "audiocast.image" -}}
{{- $repository := .Values.image.repository }}
{{- with (default dict .Values.global).imageRegistry }}
{{- $parts := splitList "/" $repository }}
{{- if and (rest $parts) (regexMatch "[.:]|^localhost$" (first $parts)) }}{{ $parts = rest $parts }}{{ end }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (join "/" $parts) }}
{{- end }}
{{- $repository }}
{{- with .Values.image }}
{{- if .digest }}@{{ .digest }}
{{- else if hasPrefix "@" (default "" .tag) }}{{ .tag }}
{{- else }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "audiocast.webhooksSecretName" -}}
{{ default (printf "%s-webhooks" (include "audiocast.fullname" .)) .Values.webhooks.secretName }}
{{- end }}

{{/* Secrets to pull the image with: this chart's, and those that a parent chart gives to all. */}}
{{- define "audiocast.imagePullSecrets" -}}
{{- $secrets := default list .Values.imagePullSecrets }}
{{- range (default dict .Values.global).imagePullSecrets }}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) }}
{{- end }}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where a member looks for the others. */}}
{{- define "audiocast.peers" -}}
{{- if eq .Values.discovery.mode "endpointslice" -}}
k8s+{{ include "audiocast.peersName" . }}:internal
{{- else -}}
dns+{{ include "audiocast.peersName" . }}.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}.:8001
{{- end }}
{{- end }}

{{/* A number as the server reads it: Helm writes a million as 1e+06. */}}
{{- define "audiocast.plain" -}}
{{- if not (kindIs "float64" .) }}{{ . }}{{ else if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The host of the Ingress and the HTTPRoute; nothing when they have several, or a pattern. */}}
{{- define "audiocast.onlyHost" -}}
{{- $hosts := list }}
{{- if .Values.ingress.enabled }}{{ $hosts = .Values.ingress.hosts }}{{ end }}
{{- if .Values.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.httpRoute.hostnames | uniq }}{{ end }}
{{- if and (eq (len $hosts) 1) (not (hasPrefix "*" (first $hosts))) }}{{ first $hosts }}{{ end }}
{{- end }}

{{/* https when each way in that the chart makes says so; nothing when one does not, or there is none. */}}
{{- define "audiocast.scheme" -}}
{{- $secure := list }}
{{- if .Values.ingress.enabled }}{{ $secure = append $secure (not (empty .Values.ingress.tls)) }}{{ end }}
{{- if .Values.httpRoute.enabled }}
{{- range .Values.httpRoute.parentRefs }}
{{- $secure = append $secure (or (hasPrefix "https" (default "" .sectionName)) (eq (int .port) 443)) }}
{{- end }}
{{- end }}
{{- if and $secure (not (has false $secure)) }}https{{ end }}
{{- end }}

{{/* The environment of a server, but for what the user adds. */}}
{{- define "audiocast.env" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: PEERS
  value: {{ include "audiocast.peers" . | quote }}
- name: SECRET_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ include "audiocast.secretName" . }}
      key: SECRET_KEYS
{{ include "audiocast.tokensEnv" . }}
{{- if or .Values.webhooks.urls .Values.webhooks.secretName }}
{{- range list "WEBHOOK_URLS" "WEBHOOK_SECRETS" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "audiocast.webhooksSecretName" $ }}
      key: {{ . }}
{{- end }}
{{- end }}
- name: REQUIRE_API_TOKENS
  value: {{ not .Values.secret.anyoneMayStart | quote }}
- name: DRAIN_SECONDS
  value: {{ .Values.drain.timeoutSeconds | quote }}
{{- with .Values.tls }}
{{- if .secretName }}
- name: TLS_CERTIFICATE
  value: /etc/audiocast/tls/tls.crt
- name: TLS_KEY
  value: /etc/audiocast/tls/tls.key
- name: TLS_PORT
  value: "8443"
{{- if .redirect }}
- name: HTTPS_REDIRECT_PORT
  value: {{ .port | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if kindIs "slice" $value }}{{ $value = join "," $value }}{{ end }}
{{- if and (eq $name "streamDomain") (not $value) }}{{ $value = include "audiocast.onlyHost" $ }}{{ end }}
{{- if and (eq $name "streamScheme") (not $value) }}{{ $value = include "audiocast.scheme" $ }}{{ end }}
- name: {{ snakecase $name | upper }}
  value: {{ include "audiocast.plain" $value | quote }}
{{- end }}
{{- end }}

{{- define "audiocast.tokensEnv" -}}
- name: API_TOKENS
  valueFrom:
    secretKeyRef:
      name: {{ include "audiocast.secretName" . }}
      key: API_TOKENS
      {{- if .Values.secret.anyoneMayStart }}
      optional: true
      {{- end }}
{{- end }}

{{/* What Kubernetes waits for: preStop, the drain, and last pages to go out. */}}
{{- define "audiocast.gracePeriodSeconds" -}}
{{ add .Values.drain.preStopSeconds .Values.drain.timeoutSeconds 10 }}
{{- end }}

{{/* Of a map, what has a value: an empty one leaves a default out where null cannot, below a parent chart with Helm 3.14. */}}
{{- define "audiocast.given" -}}
{{- $given := dict }}
{{- range $name, $value := . }}{{ if $value }}{{ $_ := set $given $name $value }}{{ end }}{{ end }}
{{- with $given }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* PromQL: this release's pods. */}}
{{- define "audiocast.metricsSelector" -}}
namespace="{{ .Release.Namespace }}",pod=~"{{ include "audiocast.fullname" . }}-[0-9]+"
{{- end }}

{{/* A monitor's endpoint, for both kinds of monitors. */}}
{{- define "audiocast.scrape" -}}
- port: internal
  path: /metrics
  interval: {{ .interval }}
  scrapeTimeout: {{ .scrapeTimeout }}
  {{- with .relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* What a monitor says of all its endpoints. */}}
{{- define "audiocast.scrapeBounds" -}}
{{- with .jobLabel }}
jobLabel: {{ . }}
{{- end }}
{{- with .sampleLimit }}
sampleLimit: {{ int64 . }}
{{- end }}
{{- end }}

{{/* What values.schema.json cannot say. */}}
{{- define "audiocast.check" -}}
{{- $own := list }}
{{- range fromYamlArray (include "audiocast.env" .) }}{{ $own = append $own .name }}{{ end }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- fail (printf "extraEnv: expected names that the chart does not set itself, got %s" .name) }}
{{- end }}
{{- end }}
{{- with .Values.secret }}
{{- if .existingSecret }}
{{- $found := lookup "v1" "Secret" $.Release.Namespace .existingSecret }}
{{- $entries := ternary (list "SECRET_KEYS") (list "SECRET_KEYS" "API_TOKENS") .anyoneMayStart }}
{{- range $entry := $entries }}
{{- if and $found (not (dig "data" $entry "" $found | b64dec | replace "," "" | trim)) }}
{{- fail (printf "secret.existingSecret: expected %s in the Secret %s, got none%s" $entry $.Values.secret.existingSecret (ternary ": anyone could start streams, and secret.anyoneMayStart does not say so" "" (eq $entry "API_TOKENS"))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.webhooks.urls (not .Values.webhooks.secrets) (not .Values.webhooks.secretName) }}
{{- fail "webhooks.secrets: expected what webhooks are signed with, got none" }}
{{- end }}
{{- with .Values.service }}
{{- if and .loadBalancerSourceRanges (ne .type "LoadBalancer") }}
{{- fail (printf "service.loadBalancerSourceRanges: expected service.type LoadBalancer, got %s: nobody would hold it" .type) }}
{{- end }}
{{- end }}
{{- with .Values.autoscaling }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "autoscaling.maxReplicas: expected at least autoscaling.minReplicas (%v), got %v" .minReplicas .maxReplicas) }}
{{- end }}
{{- end }}
{{- end }}
