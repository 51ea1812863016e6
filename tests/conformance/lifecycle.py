"""Checks of the `.pconf`, the start, the activation and the end."""

import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess

from host import Plugin, Skip, until
from table import check

RESERVED = {"Activate", "Stop", "Ping", "RegisterCallback", "CallbackReply"}


@check(1, "The .pconf file", "name and namespace are allowed; Protocol is 2", "none")
def _(announced):
    keys = announced.keys
    for name, may_be_empty in ((keys["Name"], False), (keys.get("NameSpace") or "", True)):
        assert name or may_be_empty
        assert len(name.encode()) <= 256 and not re.search(r"[/\\\x00-\x1f\x7f]", name), name
        assert name not in (".", ".."), name
    assert keys["Protocol"] == 2


@check(2, "The .pconf file", "Sha256 is that of the files in Exec", "none")
def _(announced):
    digests = announced.keys.get("Sha256")
    if digests is None:
        raise Skip("the file has no Sha256")
    if isinstance(digests, str):
        digests = {announced.keys["Exec"][0]: digests}
    for name, digest in digests.items():
        content = (announced.path.parent / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest.lower(), name


def without_schemas(value):
    """The value without what the response to an activation may leave out."""
    if isinstance(value, dict):
        left_out = ("schema", "error")
        return {key: without_schemas(part) for key, part in value.items() if key not in left_out}
    return [without_schemas(part) for part in value] if isinstance(value, list) else value


@check(3, "The .pconf file", "Methods and Callbacks are those of the descriptor, but for schemas")
def _(plugin):
    for key, members in (("Methods", "methods"), ("Callbacks", "callbacks")):
        if key in plugin.announced.keys:
            announced, active = plugin.announced.keys[key], plugin.descriptor[members]
            assert without_schemas(announced) == without_schemas(active), key


@check(4, "The .pconf file", "only its owner can write it; no temporary file stays behind", "none")
def _(announced):
    assert announced.path.stat().st_mode & 0o022 == 0
    for name in os.listdir(announced.path.parent):
        assert not re.search(r"\.tmp|^\.", name), name


@check(5, "Started by the registry", "accepts on descriptor 3 and answers Ping", "new")
def _(plugin):
    assert plugin.post("Ping", "x").body == b"x"


@check(6, "A plugin in your language",
       "without a host it says so on standard error and exits with another status than 0", "none")
def _(announced):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("LISTEN_", "GOPLUG_"))}
    done = subprocess.run(announced.command, env=environment, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode != 0 and done.stderr.strip(), done


@check(7, "Started by the registry",
       "LISTEN_PID of another process: descriptor 3 is not taken", "none")
def _(announced):
    plugin = Plugin(announced, listen_pid=1)
    try:
        assert plugin.exit() != 0
    finally:
        plugin.close()


@check(8, "Started by the registry", "writes no .pconf and removes none", "own")
def _(plugin):
    folder = plugin.announced.path.parent
    before = sorted(os.listdir(folder))
    plugin.post("Stop")
    assert plugin.exit() == 0
    assert sorted(os.listdir(folder)) == before


@check(9, "Started by the registry",
       "descriptor 3 and the lifeline are not passed on to children", "own")
def _(plugin):
    plugin.need("start_child")
    child = plugin.post("start_child").json()
    until("the child runs its program", lambda: b"sleep" in pathlib.Path(
        f"/proc/{child}/cmdline").read_bytes())
    files = open_files(child)
    assert f"socket:[{plugin.inode}]" not in files, files
    assert f"pipe:[{plugin.lifeline_inode}]" not in files, files


def open_files(process):
    """What the open descriptors of a process refer to."""
    files = []
    for link in pathlib.Path(f"/proc/{process}/fd").iterdir():
        try:
            files.append(os.readlink(link))
        except FileNotFoundError:  # closed since the folder was listed: by its loader, for example
            pass
    return files


@check(10, "Started by the registry", "the end of the lifeline ends an active plugin, status 0",
       "own")
def _(plugin):
    plugin.end_host()
    assert plugin.exit() == 0


@check(11, "Started by the registry", "the end of the lifeline ends a plugin never activated",
       "new")
def _(plugin):
    plugin.post("Ping")
    plugin.end_host()
    assert plugin.exit() == 0


@check(12, "Started by the registry",
       "the end of the lifeline ends it when its output is broken too, after its stop hook", "none")
def _(announced):
    ends_without_output(announced, Plugin.end_host)


def ends_without_output(announced, end):
    """Checks that a plugin whose output nobody reads runs its stop hook and ends with status 0."""
    plugin = Plugin(announced, output="broken")
    try:
        stopped = plugin.path("stopped")
        plugin.activate({"stopped": stopped} if takes_configuration(plugin) else None)
        end(plugin)
        ended_in_order(plugin)
        assert not takes_configuration(plugin) or os.path.exists(stopped), "no stop hook has run"
    finally:
        plugin.close()


def takes_configuration(plugin):
    """Whether this is one of the plugins whose hooks follow the configuration of the tests."""
    methods = plugin.announced.keys.get("Methods") or []
    return any(method["name"] == "greeting" for method in methods)


@check(13, "Ping and Stop", "SIGTERM is Stop: status 0", "own")
def _(plugin):
    plugin.process.send_signal(signal.SIGTERM)
    ended_in_order(plugin)


def ended_in_order(plugin):
    """Waits for the end. What has nothing to clean up may let a signal end it at once."""
    accepted = (0,) if takes_configuration(plugin) else (0, -signal.SIGTERM)
    assert plugin.exit() in accepted, plugin.process.returncode


@check(14, "Ping and Stop", "SIGTERM lets a call in flight finish", "own")
def _(plugin):
    call = plugin.begin_wait()
    plugin.process.send_signal(signal.SIGTERM)
    until_stopping(plugin)
    plugin.open_gate()
    assert call.response().status == 200
    assert plugin.exit() == 0


def until_stopping(plugin):
    """Waits until the plugin refuses calls because it is stopping."""
    client = plugin.connect()
    until("it is stopping", lambda: client.post("greeting").status == 503)


@check(15, "Ping and Stop", "Stop answers 200 with an empty body, and the process exits with 0",
       "own")
def _(plugin):
    response = plugin.post("Stop")
    assert (response.status, response.body) == (200, b""), response
    assert plugin.exit() == 0


@check(16, "Ping and Stop", "Stop before activation works the same", "new")
def _(plugin):
    response = plugin.post("Stop")
    assert (response.status, response.body) == (200, b""), response
    assert plugin.exit() == 0


@check(17, "Ping and Stop", "Stop lets a call in flight finish and be answered", "own")
def _(plugin):
    call, stop = plugin.begin_wait(), plugin.connect()
    stop.request("Stop")
    until_stopping(plugin)
    assert stop.is_open()
    plugin.open_gate()
    assert call.response().status == 200
    assert stop.response().status == 200
    assert plugin.exit() == 0


@check(18, "Ping and Stop",
       "while it stops, calls are 503 `stopping` on old and new connections, and Ping is answered",
       "own")
def _(plugin):
    old, call = plugin.connect(), plugin.begin_wait()
    assert old.post("Ping", "x").body == b"x"
    plugin.connect().request("Stop")
    until_stopping(plugin)
    name = next(name for name in plugin.methods())
    for client in (old, plugin.connect()):
        client.post(name, "[]").is_problem(503, "stopping")
        assert client.post("Ping", "x").body == b"x"
    plugin.open_gate()
    assert call.response().status == 200


@check(19, "Callbacks", "while it stops, RegisterCallback and Activate are a 503", "own")
def _(plugin):
    call = plugin.begin_wait()
    plugin.connect().request("Stop")
    until_stopping(plugin)
    plugin.post("RegisterCallback", '["x"]', Goplug_Protocol="2").is_problem(503, "stopping")
    plugin.post("Activate", "null", Goplug_Protocol="2").is_problem(503, "stopping")
    plugin.open_gate()
    assert call.response().status == 200


@check(20, "Ping and Stop", "a call that exceeds the stop timeout is 500 `cut-off`", "own")
def _(plugin):
    call, stop = plugin.begin_wait(), plugin.connect()
    stop.request("Stop")
    call.response().is_problem(500, "cut-off")
    assert stop.response().status == 200
    assert plugin.exit() == 0


@check(21, "Ping and Stop", "Stop ends callback streams properly, with the last chunk", "own")
def _(plugin):
    events = plugin.listen(["x"], Goplug_Host="a")
    plugin.post("Stop")
    assert events.next() is None
    assert plugin.exit() == 0


@check(22, "Ping and Stop", "a second Stop is answered, or its connection ends", "own")
def _(plugin):
    call, stops = plugin.begin_wait(), [plugin.connect(), plugin.connect()]
    for stop in stops:
        stop.request("Stop")
    until_stopping(plugin)
    plugin.open_gate()
    assert call.response().status == 200
    for stop in stops:
        answer = stop.ends()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 200 "), answer
    assert plugin.exit() == 0


def cut_off_before(plugin, **headers):
    """Stops the plugin with these headers, and another process of it that has much time. Checks that the
    call of the first one is cut off while that of the other one still runs."""
    other = Plugin(plugin.announced)
    try:
        other.activate()
        patient, call = other.begin_wait(), plugin.begin_wait()
        other.connect().request("Stop", Goplug_Timeout="25000")
        until_stopping(other)
        stop = plugin.connect()
        stop.request("Stop", **headers)
        call.response().is_problem(500, "cut-off")
        assert stop.response().status == 200
        if not patient.is_open():
            raise Skip("the plugin has a short stop timeout of its own")
        other.open_gate()
        assert patient.response().status == 200
        assert plugin.exit() == 0
    finally:
        other.close()


@check(186, "Ping and Stop", "Goplug-Timeout says how much time calls in flight have", "own")
def _(plugin):
    cut_off_before(plugin, Goplug_Timeout="400")


@check(187, "Ping and Stop", "Goplug-Grace says if calls in flight have less",
       "own")
def _(plugin):
    cut_off_before(plugin, Goplug_Timeout="25000", Goplug_Grace="0")


@check(189, "Ping and Stop", "headers of Stop that are no numbers are ignored", "own")
def _(plugin):
    call, stop = plugin.begin_wait(), plugin.connect()
    stop.request("Stop", Goplug_Timeout="soon", Goplug_Grace="-1")
    until_stopping(plugin)
    plugin.open_gate()
    assert call.response().status == 200
    assert stop.response().status == 200


@check(42, "Activation", "a method before activation is 503 `not-active`", "new")
def _(plugin):
    methods = plugin.announced.keys.get("Methods") or []
    if not methods:
        raise Skip("the file has no Methods")
    plugin.post(methods[0]["name"], "[]").is_problem(503, "not-active")
    plugin.post("no-such-method").is_problem(400, "unknown-method")


@check(43, "Activation", "answers with Goplug-Protocol: 2 and application/vnd.goplug+json", "new")
def _(plugin):
    response = plugin.post("Activate", "null", Goplug_Protocol="2")
    assert response.status == 200, response
    assert response.headers["goplug-protocol"] == "2", response
    assert response.headers["content-type"].startswith("application/vnd.goplug+json"), response


@check(44, "The descriptor", "name and namespace are those of the .pconf")
def _(plugin):
    assert plugin.descriptor["name"] == plugin.announced.keys["Name"]
    expected = plugin.announced.keys.get("NameSpace") or ""
    assert (plugin.descriptor.get("namespace") or "") == expected


@check(45, "The descriptor",
       "protocol is 2 or absent; methods and callbacks are sorted; no reserved name")
def _(plugin):
    assert plugin.descriptor.get("protocol", 2) == 2
    for kind in ("methods", "callbacks"):
        names = [member["name"] for member in plugin.descriptor.get(kind) or []]
        assert names == sorted(set(names), key=str.encode), names
        assert not RESERVED & set(names)
    assert all("/" not in name for name in plugin.methods())


@check(46, "Fingerprints", "every stated fingerprint is that of its canonical signature")
def _(plugin):
    members = (plugin.descriptor.get("methods") or []) + (plugin.descriptor.get("callbacks") or [])
    for member in members:
        if not member.get("fingerprint"):
            continue
        params = ", ".join(f"{p['name']}: {'stream ' if p.get('stream') else ''}{p['type']}"
                           for p in member.get("params") or [])
        returns = (member.get("returns") or {}).get("type", "")
        returns = f"stream {returns}" if member.get("stream") else returns
        arrow = f" -> {returns}" if returns not in ("", "()") else ""
        value = 0xCBF29CE484222325
        for byte in f"{member['name']}({params}){arrow}".encode():
            value = (value ^ byte) * 0x100000001B3 % 2**64
        assert member["fingerprint"] == f"{value:016x}", member


@check(47, "Activation", "is idempotent: the same descriptor again")
def _(plugin):
    again = plugin.post("Activate", '{"other":"configuration"}', Goplug_Protocol="2")
    assert again.json() == plugin.descriptor


@check(48, "Activation", "a second request during the first waits for its end", "new")
def _(plugin):
    if not takes_configuration(plugin):
        raise Skip("the plugin has no greeting")
    gate, first, second = plugin.path("gate"), plugin.connect(), plugin.connect()
    setup = json.dumps({"wait_for": gate, "greeting": "first"})
    first.request("Activate", setup, Goplug_Protocol="2")
    until("the hook runs", lambda: os.path.exists(gate + ".begun"))
    second.request("Activate", '{"greeting":"second"}', Goplug_Protocol="2")
    plugin.post("add", "[2,3]").is_problem(503, "not-active")
    assert first.is_open() and second.is_open()
    plugin.open_gate()
    assert first.response().json() == second.response().json()
    plugin.post("greeting").is_result("first")


@check(49, "Activation", "that fails is 500 `internal` with the reason, and can be asked again",
       "new")
def _(plugin):
    if not takes_configuration(plugin):
        raise Skip("the plugin has no greeting")
    response = plugin.post("Activate", '{"refuse":"no database"}', Goplug_Protocol="2")
    assert "no database" in response.is_problem(500, "internal")["detail"], response
    plugin.post("add", "[2,3]").is_problem(503, "not-active")
    assert plugin.activate().post("add", "[2,3]").json() == 5


@check(50, "GoPlug 1",
       "an Activate without Goplug-Protocol: an array of names without that header, or an error",
       "new")
def _(plugin):
    response = plugin.post("Activate")
    assert "goplug-protocol" not in response.headers, response
    if response.status == 200:
        assert all(isinstance(name, str) for name in response.json()), response


@check(51, "Activation", "an empty body is null", "new")
def _(plugin):
    response = plugin.post("Activate", b"", Goplug_Protocol="2")
    assert (response.status, response.headers.get("goplug-protocol")) == (200, "2"), response


@check(52, "Activation", "a body that is not JSON is refused", "new")
def _(plugin):
    for body in ("{", "yes", "NaN", b"\xff", '{"a":1,}'):
        plugin.post("Activate", body, Goplug_Protocol="2").is_problem(400, "bad-request")
    plugin.activate()


@check(53, "Ping and Stop", "Ping echoes any bytes, before and after activation", "new")
def _(plugin):
    data = bytes(range(256)) * 300
    for _ in range(2):
        response = plugin.post("Ping", data)
        assert (response.status, response.body) == (200, data)
        assert response.headers["content-type"] == "application/octet-stream", response
        plugin.activate()


@check(111, "Ping and Stop", "a host that closes at the answer to Stop does not keep it alive",
       "own")
def _(plugin):
    stop = plugin.connect()
    stop.request("Stop")
    stop.socket.close()
    assert plugin.exit() == 0


@check(112, "Ping and Stop", "SIGTERM and Stop end it when its output is broken", "none")
def _(announced):
    ends_without_output(announced, lambda plugin: plugin.process.send_signal(signal.SIGTERM))
    ends_without_output(announced, lambda plugin: plugin.post("Stop"))
