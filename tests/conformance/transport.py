"""Checks of HTTP: what is read, what is refused, and that nobody waits for somebody else."""

import json
import os
import pathlib
import time
import urllib.parse

from host import until
from table import check


def refused(plugin, text):
    """Sends bytes that are to be answered with a 4xx and the end of the connection, or the end."""
    client = plugin.connect()
    client.try_send(text)
    answer = client.ends()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5"), \
        f"{text!r} is answered with {answer!r}"
    assert answer.count(b"HTTP/1.1 ") <= 1, f"{text!r} is answered twice: {answer!r}"


def ping(headers, body="hello", line="POST /Ping HTTP/1.1"):
    return f"{line}\r\n{headers}\r\n{body}"


LENGTH = "Content-Length: 5\r\n"
SOUND = "Host: x\r\n" + LENGTH


@check(23, "Transport", "connections are kept alive")
def _(plugin):
    client = plugin.connect()
    for number in range(5):
        assert client.post("Ping", str(number)).body == str(number).encode()
    client.post("no-such-method")
    assert client.post("Ping", "x").body == b"x"


@check(24, "Transport", "an idle connection is kept for 7 s at least")
def _(plugin):
    client = plugin.connect()
    assert client.post("Ping", "x").body == b"x"
    # Many libraries close at 5 s, which is what is looked for: only time shows it.
    time.sleep(7)
    assert client.post("Ping", "x").body == b"x"


@check(25, "Transport", "accepts and answers while others wait: 20 half-sent requests")
def _(plugin):
    for _ in range(20):
        plugin.connect().send("POST /Ping HTTP/1.1\r\nHo")
    assert plugin.post("Ping", "x").body == b"x"


@check(26, "Transport", "another verb than POST is a bad-request")
def _(plugin):
    for verb in ("GET", "PUT", "DELETE", "OPTIONS", "BREW"):
        client = plugin.connect()
        client.send(f"{verb} /Ping HTTP/1.1\r\nHost: x\r\n\r\n")
        client.response().is_problem(400, "bad-request")


def references(value):
    """Every reference within a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        yield value["$ref"]
    for part in inner:
        yield from references(part)


@check(121, "Asking for the descriptor", "GET / has the members of the activation, or is refused")
def _(plugin):
    client = plugin.connect()
    client.send("GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
    answer = client.response()
    if 400 <= answer.status < 600:
        return
    assert answer.status == 200, answer
    assert answer.headers.get("goplug-protocol") == "2", answer
    assert answer.headers.get("content-type") == "application/vnd.goplug+json", answer
    descriptor, prints = answer.json(), lambda of, key: {
        member["name"]: member.get("fingerprint", "") for member in of.get(key) or []}
    for key in ("name", "namespace", "version"):
        assert descriptor.get(key) == plugin.descriptor.get(key), key
    for key in ("methods", "callbacks"):
        assert prints(descriptor, key) == prints(plugin.descriptor, key), key
    for reference in references(descriptor):
        name = reference.removeprefix("#/$defs/")
        assert name in descriptor.get("$defs", {}), reference
    assert '"$ref"' not in json.dumps(plugin.descriptor), "the activation has schemas"


@check(130, "OpenAPI", "GET /openapi.json has every method, or is refused")
def _(plugin):
    client = plugin.connect()
    client.send("GET /openapi.json?x HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = client.response()
    if 400 <= answer.status < 600:
        return
    assert answer.status == 200, answer
    assert answer.headers.get("content-type") == "application/json", answer
    document = answer.json()
    assert document["openapi"].startswith("3.1."), document["openapi"]
    for name in plugin.methods():
        assert "post" in document["paths"].get("/" + urllib.parse.quote(name, safe=""), {}), name


@check(27, "Transport", "an empty first segment is a bad-request: `/` and `//x`")
def _(plugin):
    for path in ("/", "//x", "/?x"):
        plugin.post(path).is_problem(400, "bad-request")


@check(28, "Transport", "query and further segments are ignored")
def _(plugin):
    for path in ("/Ping/extra?x=1", "/Ping?", "/Ping//", "/Ping/%zz"):
        assert plugin.post(path, "x").body == b"x", path


@check(29, "Transport", "the method is percent-decoded")
def _(plugin):
    assert plugin.post("/%50in%67", "x").body == b"x"
    detail = plugin.post("/str%C3%A4%C3%9Fe").is_problem(400, "unknown-method")["detail"]
    assert "sträße" in detail, detail


@check(30, "Transport", "a segment that is not UTF-8, or a bad escape, is a bad-request")
def _(plugin):
    for path in ("/%ff", "/%", "/%2", "/%zz"):
        plugin.post(path).is_problem(400, "bad-request")


@check(31, "Transport", "names are compared byte by byte: `ping` is not `Ping`")
def _(plugin):
    plugin.post("ping").is_problem(400, "unknown-method")
    plugin.post("Ping%20").is_problem(400, "unknown-method")


@check(32, "Transport", "a chunked body is read, or refused with an error")
def _(plugin):
    client = plugin.connect()
    chunks = "3\r\nhel\r\n02;a=b\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
    client.send(ping("Host: x\r\nTransfer-Encoding: chunked\r\n", chunks))
    response = client.response()
    assert response.status >= 400 or response.body == b"hello", response


@check(33, "Transport", "the Content-Type of a request is no condition")
def _(plugin):
    plugin.need("add")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
        plugin.post("add", '{"a":2,"b":3}', Content_Type=kind).is_result(5)


@check(34, "Transport", "header names are case-insensitive")
def _(plugin):
    client = plugin.connect()
    client.send("POST /Ping HTTP/1.1\r\nhOsT: x\r\ncOnTeNt-LeNgTh: 5\r\n\r\nhello")
    assert client.response().body == b"hello"


@check(35, "Transport", "a request without Host, or with two, or with an invalid one is refused")
def _(plugin):
    for host in ("", "Host: x\r\nHost: x\r\n", "Host: x\r\nhost: y\r\n", "Host: x y\r\n",
                 "Host: x/y\r\n", "Host: x, y\r\n", "Host : x\r\n"):
        refused(plugin, ping(host + LENGTH))
    for host in ("Host:\r\n", "Host: goplug\r\n", "Host: x:80\r\n", "Host:x\r\n", "host: [::1]:1\r\n"):
        client = plugin.connect()
        client.send(ping(host + LENGTH))
        assert client.response().body == b"hello", host


@check(36, "Transport", "a request that comes byte by byte is read")
def _(plugin):
    client = plugin.connect()
    for byte in ping(SOUND):
        client.send(byte)
    assert client.response().body == b"hello"


@check(37, "Transport", "pipelined requests are answered in their order")
def _(plugin):
    client = plugin.connect()
    client.send("".join(ping(SOUND, f"no. {number}") for number in range(9)))
    for number in range(9):
        assert client.response().body == f"no. {number}".encode()


@check(38, "Transport", "Expect: 100-continue is answered")
def _(plugin):
    client = plugin.connect()
    client.send(ping(SOUND + "Expect: 100-continue\r\n", ""))
    response = client.response()
    if response.status == 100:
        client.send("hello")
        response = client.response()
        assert response.body == b"hello", response
    else:
        assert response.status >= 400, response


@check(39, "Transport", "garbage does not kill it")
def _(plugin):
    for text in (b"\x16\x03\x01\xff\r\n\r\n", b"GET\r\n\r\n", b"\n\n{}\n\n", b"\0" * 100, b"\r\r\r\r",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        client = plugin.connect()
        client.try_send(text)
        client.socket.shutdown(1)
        client.ends()
    assert plugin.post("Ping", "x").body == b"x"


@check(40, "Limits", "a body of more than 64 MiB is a 413 before it is read")
def _(plugin):
    client = plugin.connect()
    client.send(f"POST /Ping HTTP/1.1\r\nHost: x\r\nContent-Length: {(64 << 20) + 1}\r\n\r\n")
    client.response().is_problem(413, "body-too-large")


@check(41, "Limits", "a head of more than 64 KiB is a 431; one of 40 KiB is read")
def _(plugin):
    client = plugin.connect()
    client.send(ping(SOUND + f"x: {'y' * (40 << 10)}\r\n"))
    assert client.response().body == b"hello"
    client = plugin.connect()
    client.try_send(ping(SOUND + f"x: {'y' * (70 << 10)}\r\n"))
    response = client.response()
    assert response.status == 431, response


@check(74, "Transport", "64 calls at once do not wait for each other", "own")
def _(plugin):
    plugin.need("wait_at")
    calls = []
    for number in range(64):
        calls.append(plugin.connect())
        begun = plugin.path(f"begun-{number}")
        calls[-1].request("wait_at", {"begun": begun, "gate": plugin.path("gate")})
    until("all have begun",
          lambda: all(os.path.exists(plugin.path(f"begun-{number}")) for number in range(64)))
    plugin.open_gate()
    assert [call.response().status for call in calls] == [200] * 64


@check(106, "Pipelining",
       "with the feature: 102 for what takes longer than 1 ms; the connection closes after its answer",
       "own")
def _(plugin):
    plugin.need("wait_at", "add")
    if "pipeline" not in (plugin.descriptor.get("features") or []):
        return
    client = behind_a_slow_call(plugin, "Goplug-Pipeline: 1\r\n")
    assert client.response().status == 102
    plugin.open_gate()
    assert client.response().status == 200
    assert client.ends() == b""


@check(107, "Pipelining", "without the header there is never a 102", "own")
def _(plugin):
    plugin.need("wait_at", "add")
    client = behind_a_slow_call(plugin, "")
    plugin.open_gate()
    assert client.response().status == 200
    client.response().is_result(5)


def behind_a_slow_call(plugin, header):
    """A connection with a call that waits, and another one behind it."""
    begun, client = plugin.path("begun"), plugin.connect()
    body = '{"begun":"%s","gate":"%s"}' % (begun, plugin.path("gate"))
    client.send(f"POST /wait_at HTTP/1.1\r\nHost: x\r\n{header}Content-Length: {len(body)}\r\n\r\n{body}")
    client.request("add", {"a": 2, "b": 3})
    until("the call has begun", lambda: os.path.exists(begun))
    return client


@check(108, "Busy polling", "Goplug-Busy-Poll changes no answer")
def _(plugin):
    client = plugin.connect()
    for number in range(20):
        assert client.post("Ping", str(number), Goplug_Busy_Poll="50").body == str(number).encode()


@check(113, "Transport", "a body whose end is ambiguous is refused")
def _(plugin):
    for headers in (
        LENGTH + LENGTH, LENGTH + "Content-Length: 6\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n", "Content-Length: 5x\r\n", "Content-Length:\r\n",
        "Content-Length : 5\r\n", "Content-Length: 0\r\n 5\r\n",
        LENGTH + "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n", "x: y\nContent-Length: 5\r\n", "x: y\rz: 0\r\n",
        "x: \0\r\n", "x y: z\r\n", ": z\r\n", "x\r\n",
    ):
        refused(plugin, ping("Host: x\r\n" + headers, "0\r\n\r\n" + ping(SOUND)))


@check(114, "Transport", "chunks that are malformed are refused")
def _(plugin):
    for chunks in ("+5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
                   "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
                   "5\r\nhello0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "\r\n0\r\n\r\n",
                   "00000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nx : y\r\n\r\n"):
        refused(plugin, ping("Host: x\r\nTransfer-Encoding: chunked\r\n", chunks + ping(SOUND)))


@check(115, "Transport", "a request line that is malformed is refused")
def _(plugin):
    for line in ("POST  /Ping HTTP/1.1", "POST\t/Ping HTTP/1.1", "POST /Ping HTTP/1.1 ",
                 " POST /Ping HTTP/1.1", "POST /Ping", "POST /Ping HTTP/1.2", "POST /Ping HTTP/2.0",
                 "POST /Ping http/1.1", "POST Ping HTTP/1.1", "POST * HTTP/1.1",
                 "POST https://x/Ping HTTP/1.1", "POST http://y/Ping HTTP/1.1", "CONNECT x:1 HTTP/1.1",
                 "POST /Ping#x HTTP/1.1", "POST /x/../Ping HTTP/1.1", "POST /%2e%2E/Ping HTTP/1.1",
                 "POST /P\\ng HTTP/1.1", "POST /Pi\x7fng HTTP/1.1"):
        refused(plugin, ping(SOUND, line=line))
    refused(plugin, ping(SOUND).replace("\r\n", "\n"))


@check(116, "Transport", "an empty line before a request is skipped")
def _(plugin):
    client = plugin.connect()
    for _ in range(3):
        client.send(ping(SOUND) + "\r\n")
        assert client.response().body == b"hello"


@check(117, "Transport", "`Connection: close` is heeded")
def _(plugin):
    client = plugin.connect()
    client.send(ping(SOUND + "Connection: close\r\n"))
    assert client.response().body == b"hello"
    assert client.ends() == b""


@check(118, "Cancellation", "a connection that is half closed counts as closed", "own")
def _(plugin):
    plugin.need("sleep")
    client, begun, dropped = plugin.connect(), plugin.path("begun"), plugin.path("dropped")
    client.request("sleep", {"millis": 600000, "begun": begun, "dropped": dropped})
    until("the call has begun", lambda: os.path.exists(begun))
    client.socket.shutdown(1)
    until("the call has ended", lambda: pathlib.Path(dropped).exists())
