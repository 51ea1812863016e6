"""Checks of what a method learns of its call, and of what it reports."""

import json

from host import Events
from table import check

def reported(plugin, arguments):
    """The events of a call that reports as (name, data), to the end of its body."""
    plugin.need("climb")
    client = plugin.connect()
    client.request("climb", arguments, Accept="text/event-stream")
    head = client.head()
    assert head.status == 200, head
    assert head.headers["content-type"].startswith("text/event-stream"), head
    events, found = Events(client, head, numbered=False), []
    while event := events.next():
        found.append(event[1:])
    return found, client


@check(180, "Progress", "reports in their order, and then `result`; the connection is kept")
def _(plugin):
    for count in (1, 3, 500):
        found, client = reported(plugin, {"to": count, "fail": False})
        reports = [("progress", str(number)) for number in range(1, count + 1)]
        assert found == [*reports, ("result", str(count))], found[-3:]
        client.post("add", "[2,3]").is_result(5)


@check(181, "Progress", "an error after reports is the event `error`, and the last")
def _(plugin):
    found, client = reported(plugin, {"to": 2, "fail": True})
    assert [event for event, _ in found] == ["progress", "progress", "error"], found
    problem = json.loads(found[-1][1])
    assert (problem["type"], problem["error"]) == ("urn:goplug:error:method", "too high"), problem
    client.post("add", "[2,3]").is_result(5)


@check(182, "Progress", "a caller that does not ask for reports gets the plain result")
def _(plugin):
    plugin.need("climb")
    plugin.post("climb", {"to": 300, "fail": False}).is_result(300)
    plugin.post("climb", {"to": 3, "fail": True}).is_problem(422, "method")


@check(183, "Progress", "the descriptor says what a method reports")
def _(plugin):
    plugin.need("climb")
    assert plugin.methods()["climb"]["progress"] == {"type": "u64"}, plugin.methods()["climb"]


@check(184, "The caller's budget", "a method learns how much time its caller has")
def _(plugin):
    plugin.need("left")
    plugin.post("left", "").is_result(None)
    left = json.loads(plugin.post("left", "", Goplug_Timeout=60000).body)
    assert 0 < left <= 60000, left


@check(185, "The caller's budget", "a method learns the trace of its call; a malformed one is none")
def _(plugin):
    plugin.need("trace")
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    plugin.post("trace", "", Traceparent=parent).is_result(parent)
    plugin.post("trace", "", Traceparent="00-1-2-3").is_result(None)
    plugin.post("trace", "").is_result(None)
