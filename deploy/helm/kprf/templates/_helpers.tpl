{{- define "kprf.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 57 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 57 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 57 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kprf.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kprf.labels" -}}
{{ include "kprf.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "kprf.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Deployment or StatefulSet. */}}
{{- define "kprf.workload" -}}
{{ .Values.wal.enabled | ternary "StatefulSet" "Deployment" }}
{{- end -}}

{{/* Whole seconds of a shutdown, and 15 more for the end of connections and workers. */}}
{{- define "kprf.gracePeriodSeconds" -}}
{{- $shutdown := .Values.config.shutdown | default dict -}}
{{- $drainMs := dig "drain_delay_ms" 0 $shutdown | int64 -}}
{{- $timeoutMs := dig "timeout_ms" 20000 $shutdown | int64 -}}
{{- add 15 (div (add $drainMs $timeoutMs 999) 1000) -}}
{{- end -}}

{{- define "kprf.httpPort" -}}
{{ dig "http" "port" 4242 .Values.config }}
{{- end -}}

{{- define "kprf.metricsPort" -}}
{{ dig "http" "metrics_port" 8088 .Values.config }}
{{- end -}}

{{/* What probes and the tests use: HTTPS if the operations port has a certificate. */}}
{{- define "kprf.metricsScheme" -}}
{{ dig "http" "metrics_tls" "cert_file" "" .Values.config | empty | ternary "HTTP" "HTTPS" }}
{{- end -}}
