"""Produces or consumes with kafka-python, as told by one JSON object on standard input."""
import base64
import json
import sys
import time

import kafka

try:
    from kafka.net.sasl.oauth import AbstractTokenProvider
except ImportError:
    from kafka.oauth.abstract import AbstractTokenProvider


class UnsecuredToken(AbstractTokenProvider):
    def __init__(self, subject):
        super().__init__()
        self._subject = subject

    def token(self):
        claims = {"sub": self._subject, "exp": int(time.time()) + 3600}
        parts = [{"alg": "none"}, claims]
        return ".".join([encode(part) for part in parts] + [""])


def encode(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def connection(order):
    settings = {"bootstrap_servers": order["bootstrap"], "security_protocol": order["protocol"]}
    if "authorityPath" in order:
        settings["ssl_cafile"] = order["authorityPath"]
    sasl = order.get("sasl")
    if sasl and sasl["mechanism"] == "OAUTHBEARER":
        settings["sasl_mechanism"] = "OAUTHBEARER"
        settings["sasl_oauth_token_provider"] = UnsecuredToken(sasl["username"])
    elif sasl:
        settings["sasl_mechanism"] = sasl["mechanism"]
        settings["sasl_plain_username"] = sasl["username"]
        settings["sasl_plain_password"] = sasl["password"]
    return settings


def produce(order):
    settings = connection(order)
    if "enable_idempotence" in kafka.KafkaProducer.DEFAULT_CONFIG:
        settings["enable_idempotence"] = order.get("isIdempotent", False)
    producer = kafka.KafkaProducer(
        compression_type=order.get("compression"), linger_ms=50, **settings
    )
    sent = [producer.send(order["topic"], value.encode()) for value in order["values"]]
    producer.flush()
    for future in sent:
        future.get(timeout=10)
    producer.close()


def consume(order):
    consumer = kafka.KafkaConsumer(
        order["topic"],
        group_id=order.get("groupId"),
        auto_offset_reset="earliest",
        consumer_timeout_ms=30000,
        **connection(order),
    )
    count = 0
    for record in consumer:
        print(record.value.decode())
        count += 1
        if count == order["count"]:
            break
    consumer.close()


def consume_bytes(order):
    consumer = kafka.KafkaConsumer(
        order["topic"],
        auto_offset_reset="earliest",
        consumer_timeout_ms=30000,
        **connection(order),
    )
    count = 0
    for record in consumer:
        headers = [[name, base64_of(value)] for name, value in record.headers]
        print(json.dumps([base64_of(record.key), base64_of(record.value), headers]))
        count += 1
        if count == order["count"]:
            break
    consumer.close()


def base64_of(value):
    return None if value is None else base64.b64encode(value).decode()


if sys.argv[1] == "version":
    print(kafka.__version__)
else:
    verbs = {"produce": produce, "consume": consume, "consume-bytes": consume_bytes}
    verbs[sys.argv[1]](json.load(sys.stdin))
