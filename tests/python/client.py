"""A single window in Python with stock libraries: lodges a declaration, reads its answers, asks for its way.

No generated code: the declaration is a CloudEvent in JSON, the answers are JSON, and what gRPC needs comes from the server's reflection.

    CLEARGATE_TOKEN=... python client.py --brokers 127.0.0.1:19092 --reporting 127.0.0.1:7104

Prints one JSON object a line: {"lodged": ...}, {"answer": ...} as they come, {"stage": ...} in order.
"""

import argparse
import json
import os
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone

import grpc
from confluent_kafka import Consumer, Producer, TopicPartition
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DECLARATIONS = "nsw.declarations.v1"
RESPONSES = "nsw.responses.v1"
SENDER = "NSW001"
OFFICE = "32BC"  # La Lay


def declaration(reference: str, today: str) -> dict:
    """One line of dried cassava from Laos by road, free of duty. Values are text, as a declarant writes them."""
    return {
        "sender": SENDER,
        "reference": reference,
        "direction": "import",
        "kind": "A11",
        "transportMode": "4",
        "personClass": "4",
        "office": OFFICE,
        "team": "00",
        "trader": {"code": "3300000042", "name": "Công ty 42", "address": "Quảng Trị", "country": "VN"},
        "counterparty": {"name": "LAO TRADING 42", "address": "SAVANNAKHET", "country": "LA"},
        "declarant": "D0042",
        "bills": ["LAOBL" + reference.replace("-", "").upper()],
        "packages": "20",
        "packageUnit": "BX",
        "grossMass": "1000.500",
        "massUnit": "KGM",
        "warehouse": OFFICE + "OZZ",
        "vehicle": "UN 1234",
        "vehicleCountry": "LAO",
        "arrivalDate": today,
        "unloadingPlace": "VNZZZ",
        "unloadingName": OFFICE,
        "loadingPlace": "LAZZZ",
        "loadingName": "SAVANNAKHET",
        "invoice": {
            "class": "A",
            "number": "INV0000042",
            "date": today,
            "paymentTerm": "TTR",
            "priceKind": "A",
            "deliveryTerm": "DAP",
            "currency": "USD",
            "total": "220.00",
        },
        "taxPayer": "1",
        "taxDeadline": "D",
        "lines": [
            {
                "commodityCode": "07141011",
                "description": "Sắn lát khô",
                "origin": "LA",
                "tariffTable": "B01",
                "quantity": "1000",
                "quantityUnit": "KGM",
                "value": "220.00",
                "unitPrice": "0.22",
                "unitPriceCurrency": "USD",
                "unitPriceUnit": "KGM",
                "duty": "0",
                "netMass": "1000.000",
            }
        ],
    }


def listen(brokers: str) -> Consumer:
    """Reads answers from the present end of every partition, without any group to wait for."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": f"python-{uuid.uuid4()}", "enable.auto.commit": False})
    partitions = consumer.list_topics(RESPONSES, timeout=10).topics[RESPONSES].partitions
    ends = [consumer.get_watermark_offsets(TopicPartition(RESPONSES, p), timeout=10)[1] for p in partitions]
    consumer.assign([TopicPartition(RESPONSES, p, end) for p, end in zip(partitions, ends)])
    return consumer


def lodge(brokers: str, event_id: str, document: dict) -> None:
    """Publishes a CloudEvent in structured mode, keyed by office as the Java client would."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/nsw/{SENDER}",
        "type": "nsw.v1.Lodged",
        "datacontenttype": "application/json",
        "data": document,
    }
    failed = []
    producer = Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random", "acks": "all"})
    producer.produce(
        DECLARATIONS,
        key=OFFICE,
        value=json.dumps(event, ensure_ascii=False).encode(),
        headers={"content-type": "application/cloudevents+json; charset=utf-8"},
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    if producer.flush(10) or failed:
        sys.exit(f"the broker took no declaration: {failed}")


def answers(consumer: Consumer, reference: str, deadline: float):
    """Answers to this declaration, until customs has taken a lane or refused."""
    while time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        headers = {name: value.decode() for name, value in message.headers() or []}
        if headers.get("ce_recipient") != SENDER or headers.get("content-type") != "application/json":
            continue
        answer = json.loads(message.value())
        if answer.get("reference") != reference:
            continue
        yield answer
        if answer.get("lane") or answer["function"] in ("03", "09"):
            return
    sys.exit("no lane was taken in time")


def reflected(channel: grpc.Channel, service: str, method: str):
    """A callable for a method that is known by its name alone."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    descriptor = pool.FindServiceByName(service).methods_by_name[method]
    request, response = GetMessageClass(descriptor.input_type), GetMessageClass(descriptor.output_type)
    call = channel.unary_unary(f"/{service}/{method}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
    return request, call


def timeline(address: str, token: str, number: str, deadline: float) -> list:
    """The declaration's stages, once reporting has heard of it and of its lane, in whichever order."""
    with grpc.insecure_channel(address) as channel:
        request, call = reflected(channel, "customs.reporting.v1.Reporting", "Timeline")
        while True:
            try:
                answer = call(request(number=number), metadata=[("authorization", f"Bearer {token}")], timeout=10)
                stages = MessageToDict(answer).get("stages", [])
                if {"lodged", "lane"} <= {stage["stage"] for stage in stages}:
                    return stages
            except grpc.RpcError as error:
                # Not found: reporting has not read so far.
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
            if time.monotonic() > deadline:
                sys.exit(f"reporting does not know the lane of {number}")
            time.sleep(0.2)


def tell(what: str, value) -> None:
    print(json.dumps({what: value}, ensure_ascii=False), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Lodges a declaration and follows it.")
    arguments.add_argument("--brokers", default="127.0.0.1:19092")
    arguments.add_argument("--reporting", default="127.0.0.1:7104")
    arguments.add_argument("--patience", type=float, default=60, help="seconds")
    given = arguments.parse_args()
    deadline = time.monotonic() + given.patience

    reference = f"PY-{uuid.uuid4().hex[:12]}"
    today = datetime.now(timezone(timedelta(hours=7))).date().isoformat()
    consumer = listen(given.brokers)
    lodge(given.brokers, f"{reference}/lodge", declaration(reference, today))
    tell("lodged", reference)
    number = ""
    for answer in answers(consumer, reference, deadline):
        number = answer.get("number", number)
        tell("answer", answer)
    consumer.close()
    if not number:
        sys.exit("the declaration was refused")
    for stage in timeline(given.reporting, os.environ["CLEARGATE_TOKEN"], number, deadline):
        tell("stage", stage)


if __name__ == "__main__":
    main()
