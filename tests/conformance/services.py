"""Checks of services of the host: how a plugin lists them, calls them, and takes calls back."""

import base64
import json

from host import Skip
from table import check

SERVICE = "Database"


def listening(plugin):
    """The stream of a host that provides the service."""
    declared = plugin.announced.keys.get("Needs", []) + plugin.announced.keys.get("Wants", [])
    if SERVICE not in [service["name"] for service in declared]:
        raise Skip(f"the plugin declares no service {SERVICE}")
    return plugin.listen([f"{SERVICE};service"], Goplug_Host="a")


def replying(plugin, token="a"):
    """A connection with a stream of replies, of the host with this token."""
    client = plugin.connect()
    client.send(f"POST /CallbackReply HTTP/1.1\r\nHost: goplug\r\nGoplug-Host: {token}\r\n"
                "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                "Expect: 100-continue\r\n\r\n")
    return client


def chunk(client, text):
    """Sends the next part of the stream."""
    client.send(f"{len(text.encode()):x}\r\n{text}\r\n")


def ask(plugin, method, arguments, **headers):
    """Calls a method that asks the service. Returns the host's stream and the caller's connection."""
    events, client = listening(plugin), plugin.connect()
    plugin.need(method)
    client.request(method, arguments, Goplug_Host="a", **headers)
    return events, client


def called(events):
    """The next call: its id, its method, its options and its data."""
    number, kind, data = events.next()
    name, call, *options = kind.split(";")
    service, method = name.split("/")
    assert (service, call) == (SERVICE, "call"), kind
    return number, method, options, data


def reply(plugin, number, body, **headers):
    response = plugin.post(f"CallbackReply/{number}", body, Goplug_Host="a", **headers)
    assert response.status == 200, response


@check(170, "Services of the host", "Needs and Wants are those of the descriptor", "own")
def _(plugin):
    for key, kind in (("Needs", "needs"), ("Wants", "wants")):
        announced = [one["name"] for one in plugin.announced.keys.get(key) or []]
        assert announced == [one["name"] for one in plugin.descriptor.get(kind) or []], kind


@check(171, "Services of the host", "an entry of a service is accepted in the list of callbacks", "own")
def _(plugin):
    plugin.listen(["Other;service"], Goplug_Host="a")


@check(172, "Services of the host", "an entry that no service can have is a bad-request")
def _(plugin):
    for entry in (";service", "a;b;service", "a/b;service", "a;x"):
        response = plugin.post("RegisterCallback", json.dumps([entry]), Goplug_Protocol="2")
        response.is_problem(400, "bad-request")


@check(173, "Services of the host", "a call is an event, and its reply is the result", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["pages"], Goplug_Timeout="20000")
    number, method, options, data = called(events)
    assert (number, method, json.loads(data)) == (1, "query", {"table": "pages"}), data
    left = [option for option in options if option.startswith("timeout=")]
    assert len(left) == 1 and 0 < int(left[0][8:]) <= 20000, options
    reply(plugin, number, b'[{"number":1,"text":"one"}]', Content_Type="application/json")
    assert client.response().json() == ["one"]


@check(174, "Services of the host", "a problem document is the error of the call", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["none"])
    number, _, _, _ = called(events)
    problem = {"type": "urn:goplug:error:method", "title": "", "status": 422, "detail": "none",
               "error": {"NoTable": "none"}}
    reply(plugin, number, json.dumps(problem).encode(), Content_Type="application/problem+json")
    response = client.response()
    response.is_problem(422, "method")
    assert response.json()["error"] == {"NoTable": "none"}, response


@check(175, "Services of the host", "bytes are base64 with ;base64, and the reply is raw", "own")
def _(plugin):
    events, client = ask(plugin, "reversed", bytes(range(256)))
    number, method, options, data = called(events)
    assert method == "reversed" and options[-1] == "base64", options
    sent = base64.b64decode(data, validate=True)
    reply(plugin, number, sent[::-1], Content_Type="application/octet-stream")
    assert client.response().body == bytes(reversed(range(256)))


@check(176, "Services of the host", "a call that is given up is taken back", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["pages"], Goplug_Timeout="50")
    number, _, _, _ = called(events)
    assert client.response().status != 200
    _, kind, data = events.next()
    assert (kind, data) == (f"{SERVICE}/query;cancel", str(number)), (kind, data)


@check(177, "Services of the host", "a call is not sent again behind the id that the host has seen", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["pages"])
    number, _, _, _ = called(events)
    again = plugin.listen([f"{SERVICE};service", "x"], Goplug_Host="a", Last_Event_ID=str(number))
    other = plugin.connect()
    other.request("texts", ["other"], Goplug_Host="a")
    second, _, _, data = called(again)
    assert second == number + 1 and "other" in data, (second, data)
    for one, waiting in ((number, client), (second, other)):
        reply(plugin, one, b"[]", Content_Type="application/json")
        assert waiting.response().json() == []


@check(178, "Services of the host", "a call says what it is within, and has less time than that", "own")
def _(plugin):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    events, client = ask(plugin, "texts", ["pages"], Goplug_Timeout="20000",
                         Goplug_Chain="acme.A/b,C%20D/e", traceparent=trace)
    number, _, options, _ = called(events)
    said = dict(option.split("=", 1) for option in options if "=" in option)
    keys = plugin.announced.keys
    own = f"{keys['NameSpace']}.{keys['Name']}/texts"
    assert said["chain"] == f"acme.A/b,C%20D/e,{own}", said
    assert said["traceparent"].split("-")[1] == trace.split("-")[1], said
    assert int(said["timeout"]) <= 19900, said
    reply(plugin, number, b"[]", Content_Type="application/json")
    assert client.response().json() == []
    client.request("texts", ["pages"], Goplug_Host="a", Goplug_Chain=",".join(["a/b"] * 32))
    assert client.response().status >= 400


@check(179, "A stream of replies", "replies come as events, and are answered when the stream ends", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["pages"])
    other = plugin.connect()
    other.request("texts", ["none"], Goplug_Host="a")
    asked = {}
    for _ in range(2):
        number, _, options, data = called(events)
        if "replies" not in options:
            raise Skip("the plugin reads no stream of replies")
        asked[json.loads(data)["table"]] = number
    stream = replying(plugin)
    assert stream.response().status == 100
    problem = {"type": "urn:goplug:error:method", "status": 422, "error": {"NoTable": "none"}}
    chunk(stream, f"id: 9999\nevent: reply\ndata: []\n\nid: {asked['none']}\nevent: later\ndata: 1\n\n")
    text = f"id: {asked['none']}\nevent: error\ndata: {json.dumps(problem)}\n\n"
    chunk(stream, text[:20])
    chunk(stream, text[20:])
    response = other.response()
    assert response.status == 422 and response.json()["error"] == {"NoTable": "none"}, response
    chunk(stream, f'id: {asked["pages"]}\nevent: reply\ndata: [{{"number":1,"text":"one"}}]\n\n')
    assert client.response().json() == ["one"]
    assert stream.is_open()
    stream.send(b"0\r\n\r\n")
    response = stream.response()
    assert (response.status, response.body) == (200, b""), response


@check(190, "A stream of replies", "a reply of another host does not count, and one by request still does", "own")
def _(plugin):
    events, client = ask(plugin, "texts", ["pages"])
    number, _, options, _ = called(events)
    if "replies" not in options:
        raise Skip("the plugin reads no stream of replies")
    stream = replying(plugin, token="b")
    assert stream.response().status == 100
    chunk(stream, f"id: {number}\nevent: reply\ndata: []\n\n")
    stream.send(b"0\r\n\r\n")
    assert stream.response().status == 200
    reply(plugin, number, b'[{"number":2,"text":"two"}]', Content_Type="application/json")
    assert client.response().json() == ["two"]
