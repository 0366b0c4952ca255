{{/*
The number of pods as the manifest says it; nothing where it is the autoscaler's.

A revision that says it puts it back when somebody rolls back to it, and is a drift for ever to those who look for drifts.
But what a revision has said cannot just be left out by the next: Helm 3 deletes the field, and with server-side apply it
goes with its last owner; either way Kubernetes makes it 1. So it is never said when autoscaling was on from the first
revision; after a change to autoscaling it is the live number, until server-side apply knows another owner of it. The
annotation below tells the next revision that this one has left it out.
*/}}
{{- define "audiocast.replicas" -}}
{{- if eq .Values.autoscaling.mode "none" }}{{ .Values.replicas }}
{{- else }}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace (include "audiocast.fullname" .) }}
{{- $isLeftOut := eq "autoscaler" (dig "metadata" "annotations" (include "audiocast.replicasAnnotation" $) "" .) }}
{{- $hasOthers := and (semverCompare ">=4.0.0-0" $.Capabilities.HelmVersion.Version) (include "audiocast.isScaledByOthers" .) }}
{{- if not (or $isLeftOut $hasOthers) }}{{ .spec.replicas }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "audiocast.replicasAnnotation" -}}
audiocast.dev/replicas-by
{{- end }}

{{/*
Something, when a live StatefulSet was made by server-side apply, and its number of pods has another owner than whoever
applied its pods: an autoscaler, `kubectl scale`. Then its number stays when the manifest does not say it any more.
*/}}
{{- define "audiocast.isScaledByOthers" -}}
{{- $isApplied := false }}
{{- $hasOthers := false }}
{{- range dig "metadata" "managedFields" list . }}
{{- $spec := dig "fieldsV1" "f:spec" dict . }}
{{- if and (eq .operation "Apply") (hasKey $spec "f:template") }}{{ $isApplied = true }}
{{- else if hasKey $spec "f:replicas" }}{{ $hasOthers = true }}
{{- end }}
{{- end }}
{{- if and $isApplied $hasOthers }}yes{{ end }}
{{- end }}
