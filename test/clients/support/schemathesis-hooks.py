"""What schemathesis cannot know, because JSON Schema and OpenAPI cannot say it.

Each rule changes only requests that are meant to be good, and the document has it in words.
"""

import json

import schemathesis
from schemathesis.core import NotSet

EVENT_TYPES = ("application/cloudevents+json", "application/cloudevents-batch+json")
ATTRIBUTES = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}

# Topics of Kafka take no timestamps that are more than an hour ahead (message.timestamp.after.max.ms).
PAST_MS = 1_700_000_000_000


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A body of lines is no text of any characters: each line is JSON."""
    texts = value.splitlines() if isinstance(value, str) else [json.dumps(value, default=str)]
    return "".join(f"{text if is_json(text) else json.dumps(text)}\n" for text in texts).encode()


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def is_plain(value):
    return value is None or isinstance(value, (bool, int, float, str, list))


sent_keys = set()


def records_of(body):
    records = body.get("records") if isinstance(body, dict) else None
    return [record for record in records or [] if isinstance(record, dict)]


@schemathesis.hook
def before_call(context, case, kwargs):
    headers, query = case.headers or {}, case.query or {}
    # Two requests with one key and different bodies are a mistake of the client.
    key = headers.get("Idempotency-Key")
    if key in sent_keys:
        del case.headers["Idempotency-Key"]
    elif key is not None:
        sent_keys.add(key)
    path = case.operation.path
    is_binary = isinstance(case.body, NotSet) or case.media_type not in EVENT_TYPES
    if path.endswith("/events") and is_binary:
        # What has another type, or none, is the data of an event in binary mode, whose attributes are in headers.
        for name in [name for name in headers if name.lower().startswith("ce-")]:
            del case.headers[name]
        case.headers.update(ATTRIBUTES)
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    for record in records_of(case.body):
        if record.get("timestamp") is not None:
            record["timestamp"] = min(record["timestamp"], PAST_MS)
    if path.endswith("/raw"):
        if "timestamp" in query:
            case.query["timestamp"] = min(int(query["timestamp"]), PAST_MS)
        # A record has one key.
        given = [name for name in ("key", "key_base64") if name in query]
        if "Kafka-Key" in headers and given:
            del case.headers["Kafka-Key"]
        for name in given[1:]:
            del case.query[name]
        # A tombstone has a key, and no body.
        query.pop("tombstone", None)
    elif path.endswith("/records"):
        # A body of any number of objects has no schema.
        if not isinstance(case.body, dict):
            case.body = {"value": {"type": "JSON", "data": case.body if is_plain(case.body) else 1}}
    elif path.endswith("/records:batch"):
        # Ids differ.
        for number, entry in enumerate(case.body.get("entries", [])):
            entry["id"] = f"{number}"
    elif path.endswith("/ndjson"):
        # Lines are values here, not records.
        query.pop("envelope", None)
