// Checks Kubernetes manifests as the API server does when they are created: unknown and repeated fields are refused,
// defaults are set, and the server's own validation runs. Pods must also meet the Pod Security Standard "restricted".
//
// Usage:
//
//	manifest-check FILE...       each with one or more documents in YAML; one line for each mistake, and exit code 1
//	manifest-check build FOLDER  prints what `kubectl kustomize` would
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	utilyaml "sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: manifest-check FILE... | build FOLDER")
		os.Exit(64)
	}
	if os.Args[1] == "build" && len(os.Args) == 3 {
		text, err := build(os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Stdout.Write(text)
		return
	}
	objects, mistakes := 0, 0
	for _, file := range os.Args[1:] {
		documents, err := documentsOf(file)
		if err != nil {
			mistakes++
			fmt.Printf("%s: %v\n", file, err)
		}
		for _, document := range documents {
			objects++
			name, problems := check(document)
			for _, problem := range problems {
				mistakes++
				fmt.Printf("%s: %s: %s\n", file, name, problem)
			}
		}
	}
	fmt.Printf("%d objects, %d mistakes\n", objects, mistakes)
	if objects == 0 || mistakes > 0 {
		os.Exit(1)
	}
}

// head is what every object has.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

// check returns the name of an object, and one line for each mistake in it.
func check(document []byte) (string, []string) {
	var about head
	if err := utilyaml.Unmarshal(document, &about); err != nil {
		return "document", []string{err.Error()}
	}
	name := about.Kind + " " + about.Metadata.Name
	kind := schema.FromAPIVersionAndKind(about.APIVersion, about.Kind)
	if kind.Group == monitoringGroup {
		return name, checkMonitoring(document, kind)
	}
	return name, checkBuiltIn(document, kind)
}

// documentsOf returns the documents of a file that are not empty.
func documentsOf(file string) ([][]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var documents [][]byte
	reader := yaml.NewYAMLReader(newLines(text))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return documents, err
		}
		if asJSON, err := utilyaml.YAMLToJSON(document); err != nil || string(bytes.TrimSpace(asJSON)) != "null" {
			documents = append(documents, document)
		}
	}
}
