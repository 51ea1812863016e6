"""Checks of streamed arguments."""

import json
import os

from host import Events, until
from table import check

END = "event: end\ndata: null\n\n"


def item(value):
    return f"event: item\ndata: {json.dumps(value)}\n\n"


def arguments(value):
    return f"event: arguments\ndata: {json.dumps(value)}\n\n"


def begin(plugin, name, *events, media_type="text/event-stream", **headers):
    """Begins a call that sends a stream: each text is a chunk. Returns its connection."""
    plugin.need(name)
    assert plugin.methods()[name]["params"][-1]["stream"] is True, plugin.methods()[name]
    client = plugin.connect()
    lines = [f"POST /{name} HTTP/1.1", "Host: goplug", f"Content-Type: {media_type}",
             "Transfer-Encoding: chunked"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    client.socket.sendall("\r\n".join([*lines, "", ""]).encode())
    for event in events:
        send(client, event)
    return client


def send(client, data):
    data = data if isinstance(data, bytes) else data.encode()
    client.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))


@check(160, "Streamed arguments", "items in their order, in chunks of any size; the connection is kept")
def _(plugin):
    events = arguments({"by": 3}) + "".join(map(item, range(10))) + ": comment\n\n" + END
    for size in (1, 7, len(events)):
        chunks = [events[at:at + size] for at in range(0, len(events), size)]
        client = begin(plugin, "total", *chunks, "")
        client.response().is_result(135)
        client.post("add", "[2,3]").is_result(5)


@check(161, "Streamed arguments", "a body with a length, lines that end in CR LF, other events are ignored")
def _(plugin):
    plugin.need("total")
    events = arguments([2]) + "event: other\ndata: 1\n\n" + item(4) + END + item(5)
    for text in (events, events.replace("\n", "\r\n")):
        plugin.post("total", text).is_result(8)
    plugin.post("total", item(1) + END).is_problem(400, "invalid-arguments")
    plugin.post("total", b"").is_problem(400, "bad-request")


@check(162, "Streamed arguments", "a body that ends without `end` is no short stream")
def _(plugin):
    for rest in ("", "event: end\n", "event: error\ndata: {}\n\n"):
        client = begin(plugin, "total", arguments({"by": 1}), item(1), *([rest] if rest else []), "")
        response = client.response()
        assert response.status >= 400, response


@check(163, "Streamed arguments", "an answer before the end of the body ends the connection")
def _(plugin):
    client = begin(plugin, "first", arguments({"count": 2}), item(4), item(5), item(6))
    response = client.response()
    response.is_result(9)
    assert response.headers.get("connection", "").lower() == "close", response
    assert client.ends() == b""


@check(164, "Streamed arguments", "a method that does not get its items holds up nothing else")
def _(plugin):
    client = begin(plugin, "total", arguments({"by": 1}), item(1))
    plugin.post("add", "[2,3]").is_result(5)
    for event in (item(2), END, ""):
        send(client, event)
    client.response().is_result(3)


@check(165, "Streamed arguments", "bytes are the body, and the other arguments a header")
def _(plugin):
    for pieces in ([], [b"a", b"\n\n", b"x" * 100_000]):
        client = begin(plugin, "measure", *pieces, "", media_type="application/octet-stream",
                       Goplug_Arguments='{"name":"\\u00e4"}')
        client.response().is_result(["\u00e4", sum(map(len, pieces))])
        client.post("add", "[2,3]").is_result(5)


@check(166, "Streamed arguments", "with `duplex`, each item is answered before the next is sent")
def _(plugin):
    done = plugin.path("double-done")
    plugin.need("double")
    assert "duplex" in plugin.descriptor["features"], plugin.descriptor["features"]
    client = begin(plugin, "double", arguments({"done": done}))
    events = Events(client, client.head(), numbered=False)
    for number in range(20):
        send(client, item(number))
        assert events.next()[1:] == ("item", str(2 * number))
    send(client, END)
    send(client, "")
    assert events.next()[1:] == ("end", "null")
    assert events.next() is None
    client.post("add", "[2,3]").is_result(5)


@check(167, "Streamed arguments", "a caller that closes the connection ends the method's work")
def _(plugin):
    done = plugin.path("double-cut")
    client = begin(plugin, "double", arguments({"done": done}))
    client.head()
    client.socket.close()
    until("the method ends", lambda: os.path.exists(done))


@check(168, "Streamed arguments", "bytes whose sender fails are no short stream, and it may say why")
def _(plugin):
    for ends in (b"", b"\r\n"):
        client = begin(plugin, "measure", b"abc", media_type="application/octet-stream",
                       Goplug_Arguments='{"name":"a"}')
        client.socket.sendall(b'0\r\nGoplug-Error: {"detail":"the tape tore"}\r\n' + ends)
        response = client.response()
        assert response.status >= 400 and b"the tape tore" in response.body, response
