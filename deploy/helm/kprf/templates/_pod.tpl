{{/* The template of the pods, of the Deployment and of the StatefulSet. */}}
{{- define "kprf.podTemplate" -}}
metadata:
  annotations:
    # Another configuration is another pod, so that a change rolls out.
    checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "kprf.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "kprf.gracePeriodSeconds" . }}
  {{- with .Values.serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    {{- if .Values.wal.enabled }}
    # The volume belongs to the group of kprf.
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile:
      type: RuntimeDefault
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "kprf.selectorLabels" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  containers:
    - name: kprf
      image: {{ include "kprf.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        - name: KPRF_CONFIG
          value: /etc/kprf/kprf.yaml
        {{- if .Values.kafkaPassword.existingSecret }}
        - name: KPRF_KAFKA_PASSWORD_FILE
          value: /run/secrets/kprf/{{ .Values.kafkaPassword.key }}
        {{- end }}
        {{- if .Values.wal.enabled }}
        - name: KPRF_WAL_ENABLED
          value: 'true'
        - name: KPRF_WAL_DIR
          value: /var/lib/kprf/wal
        - name: KPRF_WAL_MAX_BYTES
          value: {{ int64 .Values.wal.maxBytes | quote }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: {{ include "kprf.httpPort" . }}
        - name: metrics
          containerPort: {{ include "kprf.metricsPort" . }}
      # /livez does not ask Kafka: a broker that is away must not restart pods.
      startupProbe:
        httpGet:
          path: /livez
          port: metrics
          scheme: {{ include "kprf.metricsScheme" . }}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet:
          path: /livez
          port: metrics
          scheme: {{ include "kprf.metricsScheme" . }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet:
          path: /readyz
          port: metrics
          scheme: {{ include "kprf.metricsScheme" . }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: config
          mountPath: /etc/kprf
          readOnly: true
        {{- if .Values.kafkaPassword.existingSecret }}
        - name: kafka-password
          mountPath: /run/secrets/kprf
          readOnly: true
        {{- end }}
        {{- if .Values.wal.enabled }}
        - name: log
          mountPath: /var/lib/kprf
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "kprf.fullname" . }}
    {{- with .Values.kafkaPassword.existingSecret }}
    - name: kafka-password
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
