"""Checks of callbacks: registration, order, coming back, replies."""

import base64
import json

from host import Skip
from table import check


class Source:
    """Makes a plugin call back: by its method `burst`, or by that of a page transform."""

    def __init__(self, plugin):
        self.plugin, self.client = plugin, None
        self.is_burst = "burst" in plugin.methods()
        if not self.is_burst and "transform" not in plugin.methods():
            raise Skip("the plugin has no burst")
        self.name = "tick" if self.is_burst else "progress"

    def emit(self, count):
        client = self.plugin.connect()
        if self.is_burst:
            return client.post("burst", [count])
        page = {"path": "p", "title": "t", "body": "", "aside": ""}
        for _ in range(count):
            response = client.post("transform", {"page": page})
            assert response.status == 200, response
        return response


def ids(events):
    return [number for number, _, _ in events]


@check(75, "Listening",
       "the head comes at once: 200, Goplug-Protocol: 2, text/event-stream, chunked", "own")
def _(plugin):
    head = plugin.listen(["x"], Goplug_Host="a").head
    assert head.headers["goplug-protocol"] == "2", head
    assert head.headers["content-type"].startswith("text/event-stream"), head
    assert head.headers["transfer-encoding"] == "chunked", head


@check(76, "Listening", "can be registered before activation", "new")
def _(plugin):
    source_name = registered_name(plugin)
    events = plugin.listen([source_name], Goplug_Host="a")
    Source(plugin.activate()).emit(1)
    assert events.next()[:2] == (1, source_name)


def registered_name(plugin):
    names = [callback["name"] for callback in plugin.announced.keys.get("Callbacks") or []]
    for name in ("tick", "progress"):
        if name in names:
            return name
    raise Skip("the plugin has no tick")


@check(77, "Listening", "what its activation calls is heard", "new")
def _(plugin):
    names = [callback["name"] for callback in plugin.announced.keys.get("Callbacks") or []]
    if "noticed" not in names:
        raise Skip("the plugin has no noticed")
    events = plugin.listen(["noticed"], Goplug_Host="a")
    plugin.activate({"notify": "it starts"})
    number, name, data = events.next()
    assert (number, name, json.loads(data)["what"]) == (1, "noticed", "it starts")


@check(78, "Listening", "ids count from 1 by 1, in order; data is JSON arguments", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(3)
    seen = events.take(3)
    assert ids(seen) == [1, 2, 3]
    if source.is_burst:
        assert [json.loads(data) for _, _, data in seen] == [{"number": n} for n in range(3)]


@check(79, "Listening", "10,000 arrive in order", "own")
def _(plugin):
    plugin.need("burst")
    events, call = plugin.listen(["tick"], Goplug_Host="a"), plugin.connect()
    call.request("burst", [10_000])
    seen = events.take(10_000)
    assert [json.loads(data)["number"] for _, _, data in seen] == list(range(10_000))
    assert call.response().status == 200


@check(80, "Listening", "bytes are base64, and the name has ;base64 behind it", "own")
def _(plugin):
    plugin.need("send_chunk", "chunk")
    data = bytes(range(256))
    events = plugin.listen(["chunk"], Goplug_Host="a")
    assert plugin.post("send_chunk", data).status == 200
    _, name, text = events.next()
    assert name == "chunk;base64" and base64.b64decode(text, validate=True) == data


@check(81, "Listening", "what is not on the list is not sent; unknown names are accepted", "own")
def _(plugin):
    plugin.need("notice", "burst")
    events = plugin.listen(["noticed", "no-such", "github.com/a/b.On"], Goplug_Host="a")
    plugin.post("burst", "[3]")
    plugin.post("notice", '["x"]')
    assert events.next()[:2] == (1, "noticed")


@check(82, "Listening", "a name that no callback can have is a bad-request")
def _(plugin):
    for name in ("", "a;b", "gap", "a\nb", "a\0b", "x" * 1025):
        response = plugin.post("RegisterCallback", json.dumps([name]), Goplug_Protocol="2")
        response.is_problem(400, "bad-request")


@check(83, "Listening", "a body that is not an array of names is a bad-request")
def _(plugin):
    for body in ("{}", '"tick"', "[1]", "[null]", "[", b'["\xff"]', "[[]]"):
        plugin.post("RegisterCallback", body, Goplug_Protocol="2").is_problem(400, "bad-request")
    for token in ("", "a b", "x" * 257, "gr\u00fcn"):
        response = plugin.post("RegisterCallback", "[]", Goplug_Protocol="2", Goplug_Host=token)
        response.is_problem(400, "bad-request")


@check(84, "Listening",
       "a further registration with the token ends the old stream and takes its list", "own")
def _(plugin):
    plugin.need("notice", "burst")
    old = plugin.listen(["tick", "noticed"], Goplug_Host="a")
    new = plugin.listen(["noticed"], Goplug_Host="a")
    assert old.next() is None
    plugin.post("burst", "[3]")
    plugin.post("notice", '["x"]')
    assert new.next()[1] == "noticed"
    assert old.client.post("Ping", "x").body == b"x"


@check(85, "Listening",
       "the empty list ends its stream at once, and the host is forgotten; null is one", "own")
def _(plugin):
    source = Source(plugin)
    for nothing in ("[]", "null", ""):
        old = plugin.listen([source.name], Goplug_Host="a")
        assert plugin.listen([], body=nothing, Goplug_Host="a").next() is None
        assert old.next() is None
    source.emit(2)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(1)
    assert ids(events.take(1)) == [1]


@check(86, "Listening", "several hosts each get every callback, with ids of their own", "own")
def _(plugin):
    source = Source(plugin)
    first = plugin.listen([source.name], Goplug_Host="a")
    source.emit(2)
    second = plugin.listen([source.name], Goplug_Host="b")
    source.emit(2)
    assert ids(first.take(4)) == [1, 2, 3, 4]
    assert ids(second.take(2)) == [1, 2]


@check(87, "Listening",
       "without a token the stream is a host of its own; the ids of two such differ", "own")
def _(plugin):
    source = Source(plugin)
    first, second = plugin.listen([source.name]), plugin.listen([source.name])
    source.emit(3)
    seen = [ids(first.take(3)), ids(second.take(3))]
    assert all(numbers == sorted(numbers) for numbers in seen), seen
    assert len({*seen[0], *seen[1]}) == 6, seen


@check(88, "Listening", "a callback that no host has registered is no error of the call", "own")
def _(plugin):
    source = Source(plugin)
    if source.is_burst:
        raise Skip("burst makes it one")
    source.emit(1)


@check(89, "Coming back", "behind Last-Event-ID it sends again what it holds", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(5)
    seen = events.take(5)
    events.client.socket.close()
    again = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID="2")
    first = again.next()
    if first[1] == "gap":
        assert first[2] and int(first[2]) + 2 == first[0], first
    else:
        assert [first, *again.take(2)] == seen[2:]


@check(90, "Coming back", "what is called while there is no stream is kept for the host", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(1)
    events.take(1)
    events.client.socket.close()
    source.emit(2)
    again = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID="1")
    seen = again.next()
    assert seen[0] == 2 or seen[1] == "gap", seen


@check(91, "Coming back", "without Last-Event-ID it goes on with what was never sent", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(2)
    events.take(2)
    again = plugin.listen([source.name], Goplug_Host="a")
    assert events.next() is None
    source.emit(1)
    assert ids(again.take(1)) == [3]


@check(92, "Coming back", "0 asks for everything that there is", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a")
    source.emit(3)
    events.take(3)
    first = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID="0").next()
    assert first[0] == 1 or first[1] == "gap" and first[0] == int(first[2]), first


@check(93, "Coming back",
       "`gap` counts what is no longer held, with the id of the last that is missing", "own")
def _(plugin):
    source, sent, seen = Source(plugin), 0, None
    events = plugin.listen([source.name], Goplug_Host="a")
    while not seen or seen[1] != "gap":
        # It has kept everything so far: more is needed.
        for _ in range(max(sent // 200, 5)):
            source.emit(200)
            assert events.take(200)[-1][0] == sent + 200
            sent += 200
        events = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID="0")
        seen = events.next()
        if seen[1] != "gap":
            assert ids(events.take(sent - 1)) == list(range(2, sent + 1))
    number, _, data = seen
    assert 0 < number <= sent and int(data) == number, (number, data)
    if number < sent:
        assert ids(events.take(sent - number)) == list(range(number + 1, sent + 1))


@check(94, "Coming back", "an id that it never gave is where its numbering goes on", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID="70")
    source.emit(2)
    assert ids(events.take(2)) == [71, 72]


@check(95, "Coming back", "an id of 2^63 or more, or none, is a bad-request")
def _(plugin):
    for last in (2**63, 2**64, "9" * 30, "-1", "+1", "1.0", "soon", "", "1 1"):
        response = plugin.post("RegisterCallback", '["x"]', Goplug_Protocol="2", Goplug_Host="z",
                               Last_Event_ID=last)
        response.is_problem(400, "bad-request")


@check(96, "Coming back", "an id of 2^63-1 is taken", "own")
def _(plugin):
    source = Source(plugin)
    events = plugin.listen([source.name], Goplug_Host="a", Last_Event_ID=2**63 - 1)
    source.emit(1)
    assert ids(events.take(1)) == [2**63]


@check(97, "Falling behind", "a host that does not read holds the call up, and loses nothing", "own")
def _(plugin):
    plugin.need("burst")
    events, call = plugin.listen(["tick"], Goplug_Host="a"), plugin.connect()
    call.request("burst", [50_000])
    events.take(1)
    assert call.is_open(), "50,000 callbacks wait nowhere"
    assert [json.loads(data)["number"] for _, _, data in events.take(49_999)] == list(
        range(1, 50_000))
    assert call.response().status == 200


@check(98, "Falling behind", "a call that waits for a host can be cancelled by its caller", "own")
def _(plugin):
    plugin.need("burst", "notice")
    events, call = plugin.listen(["tick", "noticed"], Goplug_Host="a"), plugin.connect()
    call.request("burst", [1_000_000])
    events.take(1)
    call.socket.close()
    client = plugin.connect()
    client.request("notice", ["x"])
    ticks = 1
    while events.next()[1] == "tick":
        ticks += 1
    assert ticks < 1_000_000
    assert client.response().status == 200


def ask(plugin, listener):
    """Has the plugin ask the host that listens. Returns the call, and the event's id."""
    plugin.need("twice_the_chosen", "choose")
    call = plugin.connect()
    call.request("twice_the_chosen", '{"from":[1,2]}')
    number, name, data = listener.next()
    assert (name, json.loads(data)) == ("choose", {"from": [1, 2]})
    return call, number


@check(99, "Callbacks that return a value",
       "the reply is the callback's result; CallbackReply answers 200 with an empty body", "own")
def _(plugin):
    call, number = ask(plugin, plugin.listen(["choose"], Goplug_Host="a"))
    reply = plugin.post(f"/CallbackReply/{number}", "21", Goplug_Host="a")
    assert (reply.status, reply.body) == (200, b""), reply
    call.response().is_result(42)


@check(100, "Callbacks that return a value", "a problem document is the callback's failure", "own")
def _(plugin):
    call, number = ask(plugin, plugin.listen(["choose"], Goplug_Host="a"))
    document = {"type": "urn:goplug:error:method", "title": "t", "status": 422, "detail": "cannot"}
    plugin.post(f"/CallbackReply/{number}", json.dumps(document), Goplug_Host="a",
                Content_Type="application/problem+json")
    response = call.response()
    assert response.status >= 400 and "cannot" in response.json()["detail"], response


@check(101, "Callbacks that return a value",
       "a second reply, one to an unknown id, and one by another host are 400", "own")
def _(plugin):
    call, number = ask(plugin, plugin.listen(["choose"], Goplug_Host="a"))
    for path, token in ((number, "b"), (number + 1, "a"), ("x", "a"), ("", "a")):
        reply = plugin.post(f"/CallbackReply/{path}", "21", Goplug_Host=token)
        reply.is_problem(400, "bad-request")
    plugin.post(f"/CallbackReply/{number}", "21").is_problem(400, "bad-request")
    assert plugin.post(f"/CallbackReply/{number}", "21", Goplug_Host="a").status == 200
    call.response().is_result(42)
    plugin.post(f"/CallbackReply/{number}", "21", Goplug_Host="a").is_problem(400, "bad-request")


@check(102, "Callbacks that return a value",
       "it goes to one host, the one that registered it first", "own")
def _(plugin):
    first = plugin.listen(["choose", "tick"], Goplug_Host="a")
    second = plugin.listen(["choose", "tick"], Goplug_Host="b")
    call, number = ask(plugin, first)
    plugin.post(f"/CallbackReply/{number}", "21", Goplug_Host="a")
    call.response().is_result(42)
    plugin.post("burst", "[1]")
    assert second.next()[1] == "tick"


@check(103, "Callbacks that return a value", "works for a host without a token", "own")
def _(plugin):
    call, number = ask(plugin, plugin.listen(["choose"]))
    assert plugin.post(f"/CallbackReply/{number}", "21").status == 200
    call.response().is_result(42)


@check(104, "Callbacks that return a value", "no host: the plugin does not wait", "own")
def _(plugin):
    plugin.need("twice_the_chosen")
    assert plugin.post("twice_the_chosen", "[[1]]").status >= 400


@check(105, "Callbacks that return a value",
       "the host unregisters: the plugin does not wait any longer", "own")
def _(plugin):
    call, _ = ask(plugin, plugin.listen(["choose"], Goplug_Host="a"))
    assert plugin.listen([], Goplug_Host="a").next() is None
    assert call.response().status >= 400


@check(119, "Limits", "the 65th host is refused, and gets in when another leaves", "own")
def _(plugin):
    for number in range(64):
        plugin.listen(["x"], Goplug_Host=f"host-{number}")
    body, headers = '["x"]', {"Goplug_Protocol": "2", "Goplug_Host": "one-more"}
    plugin.post("RegisterCallback", body, **headers).is_problem(500, "internal")
    assert plugin.listen([], Goplug_Host="host-7").next() is None
    plugin.listen(["x"], Goplug_Host="one-more")


@check(120, "Listening", "a host without a token is forgotten with its connection", "own")
def _(plugin):
    source = Source(plugin)
    gone = plugin.listen([source.name])
    gone.client.socket.close()
    there = plugin.listen([source.name], Goplug_Host="a")
    for _ in range(3):
        source.emit(1)
    assert ids(there.take(3)) == [1, 2, 3]


@check(188, "Listening", "a callback of a call with a traceparent is of its trace", "own")
def _(plugin):
    source, trace = Source(plugin), "0af7651916cd43dd8448eb211c80319c"
    if not source.is_burst:
        raise Skip("the plugin has no burst")
    events = plugin.listen([source.name], Goplug_Host="a")
    plugin.post("burst", [1], traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert events.next()[1] == source.name
    assert events.traceparent and events.traceparent.split("-")[1] == trace, events.traceparent
    plugin.post("burst", [1], traceparent="no")
    events.next()
    assert events.traceparent is None or trace not in events.traceparent, events.traceparent
