// Sends events over HTTP, or reads records of Kafka, with the SDK of CloudEvents. Prints the events as JSON.
//
// send URL sends all events in binary and in structured mode. read reads records from standard input, with the key and
// the headers as texts and the value in base64.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/types"
)

type record struct {
	Headers map[string]string `json:"headers"`
	Value   []byte            `json:"value"`
}

type plain struct {
	Attributes map[string]string `json:"attributes"`
	Data       []byte            `json:"data"`
}

func events() []cloudevents.Event {
	small := cloudevents.NewEvent()
	small.SetID("1")
	small.SetType("plain")
	small.SetSource("/s")
	all := cloudevents.NewEvent()
	all.SetID("2")
	all.SetType("all")
	all.SetSource("https://a/b?c=d#e")
	all.SetSubject("Euro € 😀 100%")
	all.SetDataSchema("https://a/b")
	all.SetTime(time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.UTC))
	all.SetExtension("partitionkey", "schlüssel 1")
	all.SetExtension("sequence", 7)
	all.SetExtension("sampled", true)
	check(all.SetData("application/json", map[string]any{"é": []any{1.5, nil, true}}))
	bytes := cloudevents.NewEvent()
	bytes.SetID("3")
	bytes.SetType("bytes")
	bytes.SetSource("/s")
	check(bytes.SetData("image/png", []byte{0, 255, 10, 13, 128}))
	return []cloudevents.Event{small, all, bytes}
}

func plainOf(event cloudevents.Event) plain {
	attributes := map[string]string{"specversion": event.SpecVersion(), "id": event.ID(), "type": event.Type()}
	attributes["source"] = event.Source()
	attributes["subject"] = event.Subject()
	attributes["dataschema"] = event.DataSchema()
	attributes["datacontenttype"] = event.DataContentType()
	attributes["time"] = event.Time().Format(time.RFC3339Nano)
	for name, value := range event.Extensions() {
		text, err := types.Format(value)
		check(err)
		attributes[name] = text
	}
	return plain{attributes, event.Data()}
}

func send(url string) []plain {
	// NewClientHTTP would give a time to an event without one.
	protocol, err := cloudevents.NewHTTP()
	check(err)
	client, err := cloudevents.NewClient(protocol)
	check(err)
	sent := []plain{}
	for _, event := range events() {
		ctx := cloudevents.ContextWithTarget(context.Background(), url)
		for _, mode := range []context.Context{binding.WithForceBinary(ctx), binding.WithForceStructured(ctx)} {
			if result := client.Send(mode, event); !cloudevents.IsACK(result) {
				log.Fatal(result)
			}
			sent = append(sent, plainOf(event))
		}
	}
	return sent
}

func read() []plain {
	records := []record{}
	check(json.NewDecoder(os.Stdin).Decode(&records))
	stored := []plain{}
	for _, one := range records {
		headers := map[string][]byte{}
		for name, value := range one.Headers {
			headers[name] = []byte(value)
		}
		message := kafka_sarama.NewMessage(one.Value, one.Headers["content-type"], headers)
		event, err := binding.ToEvent(context.Background(), message)
		check(err)
		stored = append(stored, plainOf(*event))
	}
	return stored
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	var result []plain
	if os.Args[1] == "send" {
		result = send(os.Args[2])
	} else {
		result = read()
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}
