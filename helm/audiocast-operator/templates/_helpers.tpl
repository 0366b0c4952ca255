{{/* Names, labels and whatever more than one file needs. */}}

{{- define "audiocast-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- end }}

{{/* The name is fixed: the servers' NetworkPolicies let in whoever has it. */}}
{{- define "audiocast-operator.selectorLabels" -}}
app.kubernetes.io/name: audiocast-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "audiocast-operator.labels" -}}
{{ include "audiocast-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "audiocast-operator.serviceAccountName" -}}
{{ default (ternary (include "audiocast-operator.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{/* Docker takes what comes before the first slash for a registry when it has a dot or a port, or is localhost. */}}
{{- define "audiocast-operator.image" -}}
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

{{/* Secrets to pull the image with: this chart's, and those that a parent chart gives to all. */}}
{{- define "audiocast-operator.imagePullSecrets" -}}
{{- $secrets := default list .Values.imagePullSecrets }}
{{- range (default dict .Values.global).imagePullSecrets }}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) }}
{{- end }}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* All that the operator asks of the API server; tests run it with no more than this. */}}
{{- define "audiocast-operator.rules" -}}
- apiGroups: [audiocast.dev]
  resources: [audiocasts]
  verbs: [get, list, watch]
- apiGroups: [audiocast.dev]
  resources: [streams]
  verbs: [list, watch]
- apiGroups: [audiocast.dev]
  resources: [audiocasts/status, streams/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps, services]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, create, patch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors]
  verbs: [get, create, patch, delete]
# By name only: it cannot list them.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
{{- end }}
