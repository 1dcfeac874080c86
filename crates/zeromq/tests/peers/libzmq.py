"""Does with libzmq what a test says: one JSON object a line on stdin, one answer a line on stdout."""

import json
import sys
import time

import zmq
from zmq.auth.thread import ThreadAuthenticator

context = zmq.Context()
sockets = {}
authenticator = None


def open_socket(name, kind, curve=None, identity=None, subscribe=(), clients=None, bind=None, connect=None):
    global authenticator
    socket = context.socket(getattr(zmq, kind))
    socket.linger = 1000
    if identity is not None:
        socket.identity = identity.encode()
    if curve:
        socket.curve_publickey = curve["public"].encode()
        socket.curve_secretkey = curve["secret"].encode()
        if "server" in curve:
            socket.curve_serverkey = curve["server"].encode()
        else:
            socket.curve_server = True
    for prefix in subscribe:
        socket.subscribe(prefix.encode())
    if clients is not None and authenticator is None:
        authenticator = ThreadAuthenticator(context)
        authenticator.start()
        authenticator.configure_curve(domain="*", location=clients)
    if bind:
        listen(socket, bind)
    if connect:
        socket.connect(connect)
    sockets[name] = socket
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)


def listen(socket, endpoint):
    """Listens; a socket that was closed is gone only a moment later."""
    for _ in range(500):
        try:
            return socket.bind(endpoint)
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE:
                raise
            time.sleep(0.01)
    raise TimeoutError(endpoint)


def send(name, frames):
    sockets[name].send_multipart([bytes.fromhex(frame) for frame in frames])


def try_send(name, frames, count):
    """Sends as often as there is room, and tells how often that was."""
    for sent in range(count):
        try:
            sockets[name].send_multipart([bytes.fromhex(frame) for frame in frames], flags=zmq.NOBLOCK)
        except zmq.Again:
            if not sockets[name].poll(500, zmq.POLLOUT):
                return sent
    return count


def recv(name, wait=20000):
    """Tells the frames of the next message, or nothing if none comes in so many milliseconds."""
    if name == "none":
        time.sleep(wait / 1000)
        return None
    if not sockets[name].poll(wait):
        return None
    return [frame.hex() for frame in sockets[name].recv_multipart()]


def close(name):
    sockets.pop(name).close()


def version():
    return zmq.zmq_version()


OPERATIONS = {
    "open": open_socket, "send": send, "try_send": try_send, "recv": recv, "close": close, "version": version
}

for line in sys.stdin:
    order = json.loads(line)
    done = OPERATIONS[order.pop("do")](**order)
    print(json.dumps(done), flush=True)

if authenticator:
    authenticator.stop()
context.destroy(linger=0)
