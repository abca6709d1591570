package main

import (
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "sigs.k8s.io/yaml"
)

const monitoringGroup = "monitoring.coreos.com"

// checkMonitoring checks an object of the Prometheus operator: its fields and their types.
func checkMonitoring(document []byte, kind schema.GroupVersionKind) []string {
	var object any
	switch kind {
	case monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.ServiceMonitorsKind):
		object = &monitoringv1.ServiceMonitor{}
	case monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.PrometheusRuleKind):
		object = &monitoringv1.PrometheusRule{}
	default:
		return []string{fmt.Sprintf("%s is not checked: add it to monitoring.go", kind)}
	}
	if err := utilyaml.UnmarshalStrict(document, object); err != nil {
		return []string{err.Error()}
	}
	return nil
}
