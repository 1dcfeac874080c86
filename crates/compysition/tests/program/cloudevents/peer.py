"""The other side of CloudEvents over HTTP: the SDK for Python, as sender and as receiver.

send URL: reads attributes and data as JSON from standard input, sends them in binary mode, and prints the answer.
receive: prints its address, and answers each event with its attributes and data as JSON.
"""

import json
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from urllib.parse import quote, unquote

from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent, from_http

# The binding encodes values, which this SDK leaves to others: all but the printable ASCII characters without space, quote and percent sign.
PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def encoded(headers):
    return {name: quote(value, safe=PLAIN) if name.startswith("ce-") else value for name, value in headers.items()}


def decoded(attributes):
    return {name: unquote(value) if isinstance(value, str) else value for name, value in attributes.items()}


def send(url):
    told = json.load(sys.stdin)
    headers, body = to_binary(CloudEvent(told["attributes"], told["data"]))
    request = urllib.request.Request(url, body, encoded(headers), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(answer.read().decode())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        event = from_http(dict(self.headers.items()), body)
        answer = json.dumps({"attributes": decoded(event.get_attributes()), "data": event.data}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def receive():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    send(sys.argv[2]) if sys.argv[1] == "send" else receive()
