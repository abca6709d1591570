"""Sends events over HTTP, or reads records of Kafka, with the SDK of CloudEvents. Prints the events as JSON.

PACKAGES send URL sends all events in binary and in structured mode. PACKAGES read reads records from standard input, with the key and
the headers as texts and the value in base64.
"""
import base64
import http.client
import json
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone

# The folder where the SDK is.
sys.path.insert(0, sys.argv.pop(1))

from cloudevents.core.bindings import http as over_http
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion
from cloudevents.v1 import kafka as old_kafka
from cloudevents.v1.http import CloudEvent as OldEvent

TIME = datetime(2026, 1, 31, 12, 0, 0, 123456, timezone(timedelta(hours=1)))

EVENTS = [
    ({"type": "plain", "source": "/s"}, {"total": 7}),
    (
        {
            **{"type": "all", "source": "https://a/b%20c?d=e#f", "subject": 'Euro € 😀 "100%"', "time": TIME},
            **{"dataschema": "https://a/b", "datacontenttype": "application/json; charset=utf-8"},
            **{"partitionkey": "schlüssel %41", "traceparent": "00-0af7-b7-01", "sequence": 7},
        },
        {"é": [1.5, None, True], "n": 12345678901234567890},
    ),
    ({"type": "bytes", "source": "/s", "datacontenttype": "image/png", "partitionkey": "k"}, b"\x00\xff\n\r\x80"),
    ({"type": "text", "source": "/s", "datacontenttype": "text/plain"}, "Euro €"),
    ({"type": "nothing", "source": "/s"}, None),
]

# The SDK of 1.x, which 2.x still has: all attributes are strings, and nothing is percent-encoded.
OLD_EVENTS = [
    ({"type": "plain", "source": "/s"}, {"total": 7}),
    ({"type": "all", "source": "/s", "subject": "a b", "partitionkey": "k 1", "x": "caf\u00e9"}, ["é", 1.5]),
]


def post(url, headers, body):
    # urllib.request would add a type to an event without one.
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("POST", f"{parts.path}?{parts.query}", body, headers)
    response = connection.getresponse()
    answer = response.read().decode()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{response.status} {answer}")


def plain(attributes, data):
    texts = {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in attributes.items()
        if value is not None
    }
    if isinstance(data, bytes):
        data = {"base64": base64.b64encode(data).decode()}
    return {"attributes": texts, "data": data}


def plain_old(event, is_structured):
    attributes = dict(event.get_attributes())
    # from_structured takes the type of the record, which is that of an event, for that of the data.
    if is_structured:
        attributes.pop("datacontenttype", None)
    return plain(attributes, event.get_data())


def send(url):
    for attributes, data in EVENTS:
        for write in (over_http.to_binary, over_http.to_structured):
            event = CloudEvent(dict(attributes), data)
            message = write(event, JSONFormat())
            post(url, dict(message.headers), message.body)
            yield plain(event.get_attributes(), data)
    for attributes, data in OLD_EVENTS:
        for write in (conversion.to_binary, conversion.to_structured):
            event = OldEvent(dict(attributes, generation="old"), data)
            post(url, *write(event))
            yield plain_old(event, write is conversion.to_structured)


def read(records):
    for record in records:
        headers = {name: value.encode() for name, value in record["headers"].items()}
        value = base64.b64decode(record["value"])
        if b"old" in (headers.get("ce_generation") or value):
            is_structured = "ce_id" not in headers
            convert = old_kafka.from_structured if is_structured else old_kafka.from_binary
            yield plain_old(convert(old_kafka.KafkaMessage(headers, record["key"], value)), is_structured)
        else:
            event = kafka.from_kafka(kafka.KafkaMessage(headers, record["key"], value), JSONFormat())
            yield plain(event.get_attributes(), event.get_data())


events = send(sys.argv[2]) if sys.argv[1] == "send" else read(json.load(sys.stdin))
json.dump(list(events), sys.stdout)
