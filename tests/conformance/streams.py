"""Checks of streamed results."""

import json
import os

from host import Events, until
from table import check


def opened(plugin, name, arguments, media_type="text/event-stream"):
    """Calls a method whose result is a stream. Returns its connection and its head."""
    plugin.need(name)
    assert plugin.methods()[name]["stream"] is True, plugin.methods()[name]
    client = plugin.connect()
    client.request(name, arguments)
    head = client.head()
    assert head.status == 200, head
    assert head.headers["content-type"].startswith(media_type), head
    assert head.headers["transfer-encoding"] == "chunked", head
    return client, head


def results(plugin, name, arguments):
    """The events of a streamed result as (name, data), to the end of its body."""
    client, head = opened(plugin, name, arguments)
    events, found = Events(client, head, numbered=False), []
    while event := events.next():
        found.append(event[1:])
    return found, client


@check(150, "Streamed results", "items in their order, and then `end`; the connection is kept")
def _(plugin):
    for count in (0, 1, 2000):
        found, client = results(plugin, "count", {"to": count})
        items = [("item", str(number)) for number in range(count)]
        assert found == [*items, ("end", "null")], found[-3:]
        client.post("add", "[2,3]").is_result(5)


@check(151, "Streamed results", "an error before the first item is an ordinary problem document")
def _(plugin):
    plugin.need("count_and_fail")
    problem = plugin.post("count_and_fail", {"to": 0}).is_problem(422, "method")
    assert problem["error"] == "no numbers", problem
    plugin.post("count", {"to": "two"}).is_problem(400, "invalid-arguments")


@check(152, "Streamed results", "an error after items is the event `error`, and the last")
def _(plugin):
    found, client = results(plugin, "count_and_fail", {"to": 3})
    assert [event for event, _ in found] == ["item", "item", "item", "error"], found
    problem = json.loads(found[-1][1])
    assert (problem["type"], problem["error"]) == ("urn:goplug:error:method", "no more"), problem
    client.post("add", "[2,3]").is_result(5)


@check(153, "Streamed results", "a caller that closes the connection ends the method's work")
def _(plugin):
    done = plugin.path("stream-done")
    client, _ = opened(plugin, "count_for_ever", {"done": done})
    client.chunk()
    client.socket.close()
    until("the stream ends", lambda: os.path.exists(done))


@check(154, "Streamed results", "an unread stream holds up nothing else")
def _(plugin):
    done = plugin.path("unread-done")
    client, _ = opened(plugin, "count_for_ever", {"done": done})
    client.chunk()
    plugin.post("add", "[2,3]").is_result(5)
    assert len(results(plugin, "count", {"to": 2000})[0]) == 2001
    assert not os.path.exists(done)
    client.socket.close()
    until("the stream ends", lambda: os.path.exists(done))


@check(155, "Streamed results", "bytes are a body of chunks, which ends with the last chunk")
def _(plugin):
    for count, size in ((0, 1), (3, 0), (5, 100_000)):
        client, _ = opened(plugin, "chunks", {"count": count, "size": size},
                           "application/octet-stream")
        body = b""
        while piece := client.chunk():
            body += piece
        assert body == b"".join(bytes([number]) * size for number in range(count)), len(body)
        client.post("add", "[2,3]").is_result(5)


@check(156, "Streamed results", "bytes that fail end with a trailer, and with the connection")
def _(plugin):
    for count, size in ((1, 3), (3, 100_000)):
        client, _ = opened(plugin, "chunks_and_fail", {"count": count, "size": size},
                           "application/octet-stream")
        expected, body = b"".join(bytes([number]) * size for number in range(count)), b""
        while len(body) < len(expected):
            body += client.chunk()
        assert body == expected, len(body)
        problem = json.loads(client.trailers()["goplug-error"])
        assert problem["type"] == "urn:goplug:error:method", problem
        assert problem["error"] == "the disk is \u00e4 ruin", problem
    plugin.post("chunks_and_fail", {"count": 0, "size": 1}).is_problem(422, "method")
