"""A worker of Majordomo, written from RFC 7 (MDP 0.1) and RFC 18 (MDP 0.2): says back what it is asked, with its name.

It stops for ever in the middle of a request for `hang`, and prints what it is asked.
"""

import sys
import time

import zmq

version, broker, service, name, heartbeat = sys.argv[1:6]
heartbeat = float(heartbeat)
liveness = 3
if version == "0.1":
    head, READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = [b"", b"MDPW01"], 1, 2, None, 3, 4, 5
else:
    head, READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = [b"MDPW02"], 1, 2, 3, 4, 5, 6
context = zmq.Context()


def send(socket, command, *frames):
    socket.send_multipart([*head, bytes([command]), *frames])


def work(socket):
    """Works until the broker is silent, or sends a DISCONNECT."""
    send(socket, READY, service.encode())
    expires = time.monotonic() + heartbeat * liveness
    due = time.monotonic() + heartbeat
    while time.monotonic() < expires:
        if socket.poll(max(0, due - time.monotonic()) * 1000):
            frames = socket.recv_multipart()
            assert frames[: len(head)] == head, frames
            (command,), *rest = frames[len(head) :]
            expires = time.monotonic() + heartbeat * liveness
            if command == DISCONNECT:
                return
            if command == REQUEST:
                client, empty, *body = rest
                assert empty == b"", frames
                print(body[0].decode(), flush=True)
                if body[0] == b"hang":
                    time.sleep(3600)
                if body[0] == b"parts" and PARTIAL:
                    send(socket, PARTIAL, client, b"", b"first")
                    send(socket, PARTIAL, client, b"", b"second")
                send(socket, FINAL, client, b"", *body[:-1], body[-1] + b" by " + name.encode())
            else:
                assert command == HEARTBEAT, frames
        if time.monotonic() >= due:
            send(socket, HEARTBEAT)
            due = time.monotonic() + heartbeat


while True:
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(broker)
    work(socket)
    socket.close()
