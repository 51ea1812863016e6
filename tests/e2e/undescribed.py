"""A plugin that says its schemas in its own way, or not at all: ARGV is a mode and the descriptor's file."""

import json
import os
import socket
import sys
import threading

mode, file = sys.argv[1:]
with open(file) as text:
    described = json.load(text)
for method in described["methods"]:
    method["fingerprint"] = "0123456789abcdef"
activated = json.loads(json.dumps(described))
activated.pop("$defs")
for method in activated["methods"]:
    for place in [method["returns"], *method["params"]]:
        place.pop("schema", None)


def until_the_host_is_gone():
    os.read(int(os.environ["GOPLUG_LIFELINE"]), 1)
    os._exit(0)


def send(connection, status, body):
    head = f"HTTP/1.1 {status} X\r\nGoplug-Protocol: 2\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def describe(connection):
    if mode == "silent":
        threading.Event().wait()
    if mode == "exits":
        print("I cannot say that", file=sys.stderr, flush=True)
        os._exit(3)
    if mode == "closes":
        connection.shutdown(socket.SHUT_RDWR)
    answers = {
        "says": (200, described),
        "unknown": (404, None),
        "refuses": (400, None),
        "fails": (500, None),
        "list": (200, [1]),
        "other": (200, {**described, "name": "Shop"}),
        "members": (200, {**described, "methods": []}),
    }
    status, body = answers.get(mode, (200, None))
    send(connection, status, json.dumps(body).encode())


def serve(connection):
    requests = connection.makefile("rb")
    while line := requests.readline():
        verb, path, _ = line.decode().split(" ", 2)
        length = 0
        while head := requests.readline().strip():
            key, value = head.decode().split(":", 1)
            if key.lower() == "content-length":
                length = int(value)
        requests.read(length)
        if verb == "GET":
            describe(connection)
        elif path == "/Activate":
            send(connection, 200, json.dumps(activated).encode())
        else:
            send(connection, 200, b"null")
            if path == "/Stop":
                os._exit(0)


threading.Thread(target=until_the_host_is_gone, daemon=True).start()
listener = socket.socket(fileno=3)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
