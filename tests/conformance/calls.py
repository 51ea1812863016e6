"""Checks of calls: arguments, results, failures, deadlines, cancellation."""

import json
import os

from host import Skip, until
from table import check


@check(54, "Arguments and results",
       "arguments by name and by position; the bare result as application/json")
def _(plugin):
    plugin.need("add")
    for body in ('{"a":2,"b":3}', "[2,3]", ' { "b" : 3 , "a" : 2 } '):
        plugin.post("add", body).is_result(5)


@check(55, "Arguments and results", "unknown keys and further positions are ignored")
def _(plugin):
    plugin.need("add")
    for body in ('{"a":2,"b":3,"c":[{}]}', '[2,3,"more"]'):
        plugin.post("add", body).is_result(5)


@check(56, "Arguments and results", "a key that occurs twice is an error, or the last one counts")
def _(plugin):
    plugin.need("add")
    response = plugin.post("add", '{"a":1,"b":3,"a":2}')
    if response.status == 200:
        response.is_result(5)
    else:
        response.is_problem(400, "invalid-arguments")


@check(57, "Arguments and results", "a missing parameter is invalid-arguments and named")
def _(plugin):
    name, param, _ = typed_parameter(plugin)
    for body in ("{}", "[]", "null", ""):
        problem = plugin.post(name, body).is_problem(400, "invalid-arguments")
        assert problem["parameter"] == param["name"], problem


@check(58, "Arguments and results",
       "an argument of another type is invalid-arguments, with parameter and expected")
def _(plugin):
    name, param, wrong = typed_parameter(plugin)
    for value in wrong:
        body = json.dumps({param["name"]: value})
        problem = plugin.post(name, body).is_problem(400, "invalid-arguments")
        assert problem["parameter"] == param["name"], problem
        assert problem["expected"] == param["type"], problem


def typed_parameter(plugin):
    """A method, its first parameter, and values that the parameter cannot have."""
    for name, method in sorted(plugin.methods().items()):
        params = method.get("params") or []
        if not params or len(params) == 1 and params[0]["type"] in ("Bytes", "Vec<u8>"):
            continue
        expected = params[0]["type"]
        if expected in ("i8", "i16", "i32", "i64"):
            return name, params[0], ["two", 1.5, None, True, [], {}, 2**63, -(2**63) - 1]
        if expected.startswith("u") or expected == "String":
            return name, params[0], [[], {}, None]
        if not expected.startswith(("Option<", "Vec<")):
            return name, params[0], [7, "text", [], None]
    raise Skip("the plugin has no method with such a parameter")


@check(59, "Arguments and results",
       "arguments that are not JSON, or neither object nor array, are invalid-arguments")
def _(plugin):
    name, _, _ = typed_parameter(plugin)
    for body in ("{", "2", '"text"', "true", "{}{}", "{'a':1}", b"\xff", "[" * 100000):
        plugin.post(name, body).is_problem(400, "invalid-arguments")


@check(60, "Arguments and results",
       "an empty body and null are no arguments; a missing Option is null")
def _(plugin):
    none = next((name for name, method in plugin.methods().items()
                 if not method.get("params") and name not in ("abort", "exit")), None)
    if none:
        for body in ("", "null", "{}", "[]"):
            assert plugin.post(none, body).status == 200, none
    plugin.need("join")
    for body in ('{"words":["a","b"],"by":"+"}', '{"words":["a","b"],"by":"+","brackets":null}',
                 '[["a","b"],"+"]'):
        plugin.post("join", body).is_result("a+b")


@check(61, "Values", "text is UTF-8, also beyond the BMP and escaped")
def _(plugin):
    plugin.need("join")
    text = "grün \U0001f980 \u0000 \" \\ \u2028"
    for escaped in (False, True):
        body = json.dumps({"words": [text], "by": ""}, ensure_ascii=escaped)
        plugin.post("join", body.encode()).is_result(text)


@check(62, "Values", "64-bit integers keep every digit")
def _(plugin):
    plugin.need("add")
    for number in (2**63 - 1, -(2**63), 2**53 + 1):
        plugin.post("add", json.dumps([number, 0])).is_result(number)


@check(63, "Values", "NaN, infinities, 5.0 for an integer, and hexadecimals are refused")
def _(plugin):
    plugin.need("add")
    for number in ("NaN", "Infinity", "-Infinity", "5.0", "5e0", "0x5", "05", "+5", ".5", "1_0"):
        plugin.post("add", f"[{number},0]").is_problem(400, "invalid-arguments")


@check(64, "Arguments and results",
       "raw bytes go in and out as they are, labelled application/octet-stream")
def _(plugin):
    plugin.need("echo")
    for data in (b"", b"null", b"\x00\xff" * 1000):
        response = plugin.post("echo", data)
        assert (response.status, response.body) == (200, data), response
        assert response.headers["content-type"] == "application/octet-stream", response


@check(65, "Arguments and results", "5 MB of raw bytes")
def _(plugin):
    plugin.need("echo")
    data = os.urandom(5_000_000)
    assert plugin.post("echo", data).body == data


@check(66, "Failure", "an unknown method is 400 `unknown-method`, with a whole problem document")
def _(plugin):
    plugin.post("no-such-method").is_problem(400, "unknown-method")


@check(67, "Failure", "the method's own error is 422 `method`, with the member error")
def _(plugin):
    plugin.need("divide")
    problem = plugin.post("divide", "[7,0]").is_problem(422, "method")
    assert problem["error"] == {"ByZero": {"dividend": 7}}, problem


@check(68, "Failure", "an exception is 500 `handler-panicked`, and the plugin lives on")
def _(plugin):
    plugin.need("panic")
    problem = plugin.post("panic", '["on purpose"]').is_problem(500, "handler-panicked")
    assert "on purpose" in problem["detail"], problem
    assert plugin.post("Ping", "x").body == b"x"


def sleep(plugin, client, **headers):
    """Begins a call that would take ten minutes. Returns the file that its end makes."""
    plugin.need("sleep")
    number = len(plugin.clients)
    begun, dropped = plugin.path(f"begun-{number}"), plugin.path(f"dropped-{number}")
    client.request("sleep", {"millis": 600_000, "begun": begun, "dropped": dropped}, **headers)
    until("the call has begun", lambda: os.path.exists(begun))
    return dropped


@check(69, "The caller's budget", "is kept: 408 `deadline-exceeded`, and the method ends", "own")
def _(plugin):
    client = plugin.connect()
    dropped = sleep(plugin, client, Goplug_Timeout="1000")
    client.response().is_problem(408, "deadline-exceeded")
    until("the method has ended", lambda: os.path.exists(dropped))
    plugin.need("add")
    client.post("add", "[2,3]").is_result(5)


@check(70, "The caller's budget", "that is not a whole number is a bad-request")
def _(plugin):
    name = next(iter(plugin.methods()))
    for budget in ("soon", "1.5", "-1", "+5", "1e3", "0x5", "", "5 5", str(2**64), "9" * 40):
        plugin.post(name, "[]", Goplug_Timeout=budget).is_problem(400, "bad-request")


@check(71, "The caller's budget", "of 2^63 ms is as good as none")
def _(plugin):
    plugin.need("add")
    for budget in (2**63 - 1, 2**63, 2**64 - 1, "0" * 10 + "5000"):
        plugin.post("add", "[2,3]", Goplug_Timeout=budget).is_result(5)


@check(72, "The caller's budget", "traceparent is ignored")
def _(plugin):
    plugin.need("add")
    for value in ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "nonsense"):
        plugin.post("add", "[2,3]", traceparent=value).is_result(5)


@check(73, "Cancellation", "a closed connection stops the method", "own")
def _(plugin):
    client = plugin.connect()
    dropped = sleep(plugin, client)
    client.socket.close()
    until("the method has ended", lambda: os.path.exists(dropped))


@check(109, "The caller's budget", "of 0 is spent: 408, and the method does not begin", "own")
def _(plugin):
    plugin.need("sleep")
    begun = plugin.path("begun")
    body = json.dumps({"millis": 0, "begun": begun, "dropped": plugin.path("dropped")})
    plugin.post("sleep", body, Goplug_Timeout="0").is_problem(408, "deadline-exceeded")
    assert not os.path.exists(begun)


@check(110, "Failure", "an unknown method is unknown whatever else is wrong")
def _(plugin):
    plugin.post("no-such-method", "{").is_problem(400, "unknown-method")
    plugin.post("no-such-method", b"\xff", Content_Type="text/plain").is_problem(
        400, "unknown-method")


def form(*parts, end=b"--"):
    """A body of parts: pairs of the lines of a head and a content."""
    pieces = [b"--b\r\n%b\r\n\r\n%b\r\n" % part for part in parts]
    return b"".join(pieces) + b"--b" + end


def field(name, *more):
    return b"\r\n".join([b'Content-Disposition: form-data; name="%b"' % name, *more])


ARGUMENTS = (field(b"arguments"), b'{"factor":2}')


@check(140, "Bytes beside other values", "the feature `parts`; bytes may be parts, or numbers in JSON")
def _(plugin):
    plugin.need("weigh")
    assert "parts" in plugin.descriptor["features"], plugin.descriptor["features"]
    length = field(b"bytes", b"Content-Length: 7")
    for body in (form(ARGUMENTS, (length, b"a\r\n--b\0")), b'{"factor":2,"bytes":[97,13,10,45,45,98,0]}',
                 b"[2,[97,13,10,45,45,98,0]]",
                 form((field(b"arguments"), b"[2]"), (length, b"a\r\n--b\0"))):
        plugin.post("weigh", body).is_result([14, list(b"a\r\n--b\0")])


@check(141, "Bytes beside other values", "a part without a length ends at the boundary, as of curl")
def _(plugin):
    plugin.need("weigh")
    for content in (b"", b"\r\n", b"\r\n--bc\r\n--", b"--b"):
        image = field(b"bytes", b"Content-Type: image/png")
        body = form((b'Content-Disposition: form-data; filename="x; name=y"; name=bytes', content),
                    ARGUMENTS, (field(b"unknown"), b"?"))
        plugin.post("weigh", body).is_result([2 * len(content), list(content)])
        body = form((image, content), ARGUMENTS, (field(b"mask"), b"12"))
        plugin.post("weigh", body).is_result([2 * (len(content) + 2), list(content)])


@check(142, "Bytes beside other values", "parts that are missing, given twice or broken are invalid")
def _(plugin):
    plugin.need("weigh")
    part = (field(b"bytes"), b"abc")
    for body in (form(ARGUMENTS), form(part), form(ARGUMENTS, part, part),
                 form((field(b"arguments"), b'{"factor":2,"bytes":[1]}'), part),
                 form(ARGUMENTS, (field(b"bytes", b"Content-Length: 2"), b"abc")),
                 form(ARGUMENTS, (field(b"bytes", b"Content-Length: 4"), b"abc")),
                 form(ARGUMENTS, (field(b"bytes", b"Content-Transfer-Encoding: base64"), b"YQ==")),
                 form(ARGUMENTS, part, end=b""), form(ARGUMENTS, part, end=b"c"), b"--", b"--b",
                 form(ARGUMENTS, (b"Content-Type: image/png", b"abc"))):
        plugin.post("weigh", body).is_problem(400, "invalid-arguments")


@check(143, "Bytes beside other values", "a result is parts if the caller accepts them, else JSON")
def _(plugin):
    plugin.need("weigh")
    body, data = form(ARGUMENTS, (field(b"bytes"), b"abc")), os.urandom(100_000)
    for accept in ("*/*", "application/json"):
        plugin.post("weigh", body, Accept=accept).is_result([6, list(b"abc")])
    response = plugin.post("weigh", form(ARGUMENTS, (field(b"bytes"), data)),
                           Accept="application/json, multipart/form-data;q=0.9")
    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert (response.status, kind) == (200, "multipart/form-data"), response.headers
    value, content = response.body.split(b"--" + boundary.encode())[1:3]
    assert b'name="value"' in value and value.endswith(b"\r\n\r\n200000\r\n"), value
    assert b'name="bytes"' in content and content.endswith(b"\r\n\r\n" + data + b"\r\n")
