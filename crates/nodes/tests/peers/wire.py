"""Reads and writes the frames of docs/guide/wire_format.md.

As a program it turns frames on standard input, one a line in hexadecimal digits, into JSON and, with `write`, JSON into frames.
"""

import json
import sys

HELLO, WELCOME, REFUSED, BATCH, ALIVE, BYE, PART = range(1, 8)
KINDS = ["", "text", "bytes", "json", "xml"]


class Reader:
    def __init__(self, frame):
        self.frame, self.at = frame, 0

    def take(self, length):
        taken = self.frame[self.at : self.at + length]
        if len(taken) < length:
            raise ValueError(f"byte {self.at}: the frame is too short")
        self.at += length
        return taken

    def number(self):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def bytes(self):
        return self.take(self.number())

    def text(self):
        return self.bytes().decode()

    def u64(self):
        return int.from_bytes(self.take(8), "big")

    def done(self):
        return self.at == len(self.frame)


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def sized(value):
    value = value.encode() if isinstance(value, str) else value
    return number(len(value)) + value


def read_event(reader, before):
    flags = reader.number()
    event = {"id": reader.take(16).hex()}

    def given(name, place, read, absent=None):
        way = flags >> place & 3
        if way == 0:
            return absent
        if way == 2:
            before[name] = read()
        return before.get(name)

    event["root"] = given("root", 0, lambda: reader.take(16).hex(), event["id"])
    before["root"] = event["root"]
    for name, place in [("meta_id", 2), ("service", 4), ("traceparent", 6)]:
        event[name] = given(name, place, reader.text)
    event["attributes"] = given("attributes", 8, lambda: json.loads(reader.bytes()), {})
    origins = lambda: [[reader.u64(), reader.u64(), reader.number()] for _ in range(reader.number())]
    event["origins"] = given("origins", 10, origins, [])
    event["asked"] = bool(flags >> 12 & 1)
    event["hops"] = reader.number()
    event["deadline"] = reader.number() if flags >> 13 & 1 else None
    event["failure"] = json.loads(reader.bytes()) if flags >> 14 & 1 else None
    event["kind"] = KINDS[flags >> 15 & 7]
    event["last"] = bool(flags >> 18 & 1)
    event["payload"] = reader.bytes().hex() if event["kind"] else ""
    return event


def write_event(event):
    """Gives every field in full; who wants can say "as before"."""
    fields = [("meta_id", 2), ("service", 4), ("traceparent", 6)]
    flags = 0 if event["root"] == event["id"] else 2
    for name, place in fields:
        flags |= (2 if event[name] is not None else 0) << place
    flags |= (2 if event["attributes"] else 0) << 8 | (2 if event["origins"] else 0) << 10
    flags |= event["asked"] << 12 | (event["deadline"] is not None) << 13
    flags |= (event["failure"] is not None) << 14 | KINDS.index(event["kind"]) << 15
    flags |= event["last"] << 18
    out = number(flags) + bytes.fromhex(event["id"])
    if event["root"] != event["id"]:
        out += bytes.fromhex(event["root"])
    for name, _ in fields:
        if event[name] is not None:
            out += sized(event[name])
    if event["attributes"]:
        out += sized(json.dumps(event["attributes"]))
    if event["origins"]:
        out += number(len(event["origins"]))
        for epoch, session, call in event["origins"]:
            out += epoch.to_bytes(8, "big") + session.to_bytes(8, "big") + number(call)
    out += number(event["hops"])
    if event["deadline"] is not None:
        out += number(event["deadline"])
    if event["failure"] is not None:
        out += sized(json.dumps(event["failure"]))
    if event["kind"]:
        out += sized(bytes.fromhex(event["payload"]))
    return out


RECORDS = {
    1: ("event", [("inlet", "number"), ("event", "event")]),
    2: ("answer", [("call", "number"), ("event", "event")]),
    3: ("delivered", [("first", "number"), ("count", "number")]),
    4: ("ended", [("call", "number"), ("failure", "json")]),
    5: ("cancel", [("call", "number")]),
    6: ("done", [("process", "text"), ("replica", "text")]),
    7: ("leaving", []),
    8: ("parted", []),
    9: ("rests", [("first", "number"), ("count", "number")]),
    10: ("runs", [("first", "number"), ("count", "number")]),
}


def read_records(reader):
    records, before = [], {}
    readers = {
        "number": reader.number,
        "text": reader.text,
        "json": lambda: json.loads(reader.bytes()),
        "event": lambda: read_event(reader, before),
    }
    while not reader.done():
        name, fields = RECORDS[reader.take(1)[0]]
        records.append({"record": name, **{field: readers[form]() for field, form in fields}})
    return records


def write_records(records):
    writers = {
        "number": number,
        "text": sized,
        "json": lambda value: sized(json.dumps(value)),
        "event": write_event,
    }
    out = b""
    for record in records:
        kind, fields = next((k, f) for k, (name, f) in RECORDS.items() if name == record["record"])
        out += bytes([kind]) + b"".join(writers[form](record[field]) for field, form in fields)
    return out


def read_frame(frame):
    reader = Reader(frame)
    if reader.take(3) != b"cy\x01":
        raise ValueError("no frame of version 1")
    kind = reader.take(1)[0]
    if kind in (HELLO, WELCOME):
        return {
            "frame": "hello" if kind == HELLO else "welcome",
            "flow": reader.text(),
            "fingerprint": reader.u64(),
            "process": reader.text(),
            "replica": reader.text(),
            "epoch": reader.u64(),
            "session": reader.u64(),
            "peer": reader.u64(),
            "received": reader.number(),
        }
    if kind == REFUSED:
        return {"frame": "refused", "reason": reader.text()}
    if kind == BATCH:
        head = {"frame": "batch", "number": reader.number(), "received": reader.number()}
        return {**head, "records": read_records(reader)}
    if kind == PART:
        head = {"frame": "part", "number": reader.number(), "received": reader.number()}
        return {**head, "bytes": frame[reader.at :].hex()}
    if kind == ALIVE:
        head = {"frame": "alive", "sent": reader.number(), "received": reader.number()}
        return {**head, "again": bool(reader.take(1)[0])}
    if kind == BYE:
        return {"frame": "bye"}
    raise ValueError(f"no kind of frame: {kind}")


def write_frame(frame):
    kind = frame["frame"]
    if kind in ("hello", "welcome"):
        out = bytes([HELLO if kind == "hello" else WELCOME])
        out += sized(frame["flow"]) + frame["fingerprint"].to_bytes(8, "big")
        out += sized(frame["process"]) + sized(frame["replica"])
        out += frame["epoch"].to_bytes(8, "big") + frame["session"].to_bytes(8, "big") + frame["peer"].to_bytes(8, "big")
        return b"cy\x01" + out + number(frame["received"])
    if kind == "refused":
        return b"cy\x01" + bytes([REFUSED]) + sized(frame["reason"])
    if kind == "batch":
        head = number(frame["number"]) + number(frame["received"])
        return b"cy\x01" + bytes([BATCH]) + head + write_records(frame["records"])
    if kind == "part":
        head = number(frame["number"]) + number(frame["received"])
        return b"cy\x01" + bytes([PART]) + head + bytes.fromhex(frame["bytes"])
    if kind == "alive":
        head = number(frame["sent"]) + number(frame["received"])
        return b"cy\x01" + bytes([ALIVE]) + head + bytes([frame["again"]])
    return b"cy\x01" + bytes([BYE])


if __name__ == "__main__":
    for line in sys.stdin:
        if sys.argv[1:] == ["write"]:
            print(write_frame(json.loads(line)).hex())
        else:
            print(json.dumps(read_frame(bytes.fromhex(line))))
