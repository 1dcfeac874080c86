"""A client of Majordomo, written from RFC 7 (MDP 0.1) and RFC 18 (MDP 0.2): asks what stands on stdin, a line each, and prints each answer's parts."""

import json
import sys

import zmq

version, broker, service = sys.argv[1:4]
context = zmq.Context()


def connect():
    # RFC 7 wants a REQ, which adds and takes off the empty frame by itself; RFC 18 a DEALER, without that frame.
    socket = context.socket(zmq.REQ if version == "0.1" else zmq.DEALER)
    socket.linger = 0
    socket.connect(broker)
    return socket


def ask(socket, body):
    """Asks, and gives each part of the answer; the last one is final."""
    if version == "0.1":
        socket.send_multipart([b"MDPC01", service.encode(), *body])
    else:
        socket.send_multipart([b"MDPC02", b"\x01", service.encode(), *body])
    while True:
        if not socket.poll(20_000):
            raise TimeoutError("no answer")
        frames = socket.recv_multipart()
        if version == "0.1":
            header, name, *answer = frames
            assert (header, name) == (b"MDPC01", service.encode()), frames
            yield answer
            return
        header, command, name, *answer = frames
        assert (header, name) == (b"MDPC02", service.encode()), frames
        assert command in (b"\x02", b"\x03"), frames
        yield answer
        if command == b"\x03":
            return


socket = connect()
for line in sys.stdin:
    parts = [[frame.decode() for frame in part] for part in ask(socket, [line.rstrip("\n").encode()])]
    print(json.dumps(parts), flush=True)
context.destroy(linger=0)
