"""A broker of Majordomo, written from RFC 7 (MDP 0.1) and RFC 18 (MDP 0.2); prints where it listens."""

import collections
import sys
import time

import zmq

version, bind, heartbeat = sys.argv[1:4]
heartbeat = float(heartbeat)
liveness = 3
if version == "0.1":
    client_head, worker_head = [b"", b"MDPC01"], [b"", b"MDPW01"]
    READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = 1, 2, None, 3, 4, 5
else:
    client_head, worker_head = [b"MDPC02"], [b"MDPW02"]
    READY, REQUEST, PARTIAL, FINAL, HEARTBEAT, DISCONNECT = 1, 2, 3, 4, 5, 6

context = zmq.Context()
socket = context.socket(zmq.ROUTER)
socket.linger = 0
socket.bind(bind)
print(socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)

waiting = collections.defaultdict(collections.deque)
idle = collections.defaultdict(collections.deque)
services, expires, busy = {}, {}, {}


def tell(worker, command, *frames):
    socket.send_multipart([worker, *worker_head, bytes([command]), *frames])


def dispatch(service):
    while waiting[service] and idle[service]:
        worker = idle[service].popleft()
        client, body = waiting[service].popleft()
        busy[worker] = client
        tell(worker, REQUEST, client, b"", *body)


def forget(worker):
    service = services.pop(worker, None)
    expires.pop(worker, None)
    busy.pop(worker, None)
    if service is not None and worker in idle[service]:
        idle[service].remove(worker)


def from_client(client, frames):
    if version != "0.1":
        command, *frames = frames
        assert command == b"\x01", frames
    service, *body = frames
    assert body, frames
    waiting[service].append((client, body))
    dispatch(service)


def from_worker(worker, frames):
    (command,), *frames = frames
    if command == READY and worker not in services:
        (service,) = frames
        services[worker] = service
        expires[worker] = time.monotonic() + heartbeat * liveness
        idle[service].append(worker)
        dispatch(service)
        return
    if command == DISCONNECT:
        return forget(worker)
    if worker not in services or command == READY:
        forget(worker)
        return tell(worker, DISCONNECT)
    expires[worker] = time.monotonic() + heartbeat * liveness
    if command == HEARTBEAT:
        return
    assert command in (PARTIAL, FINAL), command
    client, empty, *body = frames
    assert empty == b"" and busy.get(worker) == client, frames
    head = client_head if version == "0.1" else [*client_head, b"\x03" if command == FINAL else b"\x02"]
    socket.send_multipart([client, *head, services[worker], *body])
    if command == FINAL:
        del busy[worker]
        idle[services[worker]].append(worker)
        dispatch(services[worker])


due = time.monotonic()
while True:
    if socket.poll(heartbeat * 200):
        peer, *frames = socket.recv_multipart()
        for head, take in ((client_head, from_client), (worker_head, from_worker)):
            if frames[: len(head)] == head:
                take(peer, frames[len(head) :])
                break
        else:
            raise AssertionError(frames)
    now = time.monotonic()
    for worker in [worker for worker, end in expires.items() if end < now]:
        forget(worker)
    if now >= due:
        due = now + heartbeat
        for worker in services:
            tell(worker, HEARTBEAT)
