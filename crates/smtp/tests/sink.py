"""A mail server of nothing but Python that shows what it gets, one JSON object a line.

The first line of its output is its port. How it answers follows from the receivers: later@ is refused for now, never@ for good, and silent@ gets
no answer. With arguments (certificate, key, mode) it speaks TLS: from the beginning (tls) or from STARTTLS on (starttls).
"""

import asyncio
import base64
import json
import ssl
import sys

context, mode = None, None
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    mode = sys.argv[3]
connections = 0


async def serve(reader, writer):
    global connections
    connections += 1
    number, user, envelope, secure = connections, None, {}, mode == "tls"

    def say(text):
        writer.write(text.encode() + b"\r\n")

    say("220 sink")
    while line := await reader.readline():
        words = line.decode().strip().split(" ")
        verb = words[0].upper()
        if verb == "EHLO":
            offers = ["sink", "8BITMIME", "AUTH PLAIN"]
            if mode == "starttls" and not secure:
                offers.insert(1, "STARTTLS")
            for offer in offers[:-1]:
                say("250-" + offer)
            say("250 " + offers[-1])
        elif verb == "STARTTLS":
            say("220 go on")
            await writer.drain()
            await writer.start_tls(context)
            secure = True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
            say("235 welcome" if password == "right" else "535 wrong")
        elif verb == "MAIL":
            envelope = {"from": words[1][6:-1], "to": []}
            say("250 ok")
        elif verb == "RCPT":
            to = words[1][4:-1]
            if to.startswith("silent@"):
                continue
            answers = {"later": "451 later", "never": "550 never"}
            answer = answers.get(to.split("@")[0], "250 ok")
            if answer.startswith("250"):
                envelope["to"].append(to)
            say(answer)
        elif verb == "DATA":
            say("354 go on")
            lines = []
            while (line := await reader.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b".") else line)
            seen = {**envelope, "data": b"".join(lines).decode(), "user": user, "connection": number, "secure": secure}
            print(json.dumps(seen), flush=True)
            say("250 taken")
        elif verb == "QUIT":
            say("221 bye")
            break
        else:
            say("250 ok")
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
