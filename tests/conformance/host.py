"""The host's side, as far as the checks need it: plugins as processes, and HTTP byte by byte."""

import json
import os
import pathlib
import re
import select
import socket
import subprocess
import tempfile
import threading
import time

PATIENCE = 30  # seconds: long enough for a busy machine

# A child's listening socket is its descriptor 3. So nothing else here is number 3.
RESERVED = os.open(os.devnull, os.O_RDONLY)
if RESERVED != 3:
    os.dup2(RESERVED, 3)


class Skip(Exception):
    """The plugin lacks what a check needs."""


def until(what, condition):
    """Waits until something is the case."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.002)


class Announced:
    """A plugin as its `.pconf` announces it."""

    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        self.keys = json.loads(self.path.read_text())
        program, *arguments = self.keys["Exec"]
        self.program = self.path.parent / program
        self.command = [str(self.program), *arguments]


class Plugin:
    """A process of the plugin, started as a host starts it."""

    def __init__(self, announced, listen_pid=None, output="read"):
        self.announced = announced
        self.temp = tempfile.TemporaryDirectory(prefix="goplug-conformance-")
        self.folder = pathlib.Path(self.temp.name)
        self.socket = str(self.folder / "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        listener.listen(512)
        self.inode = os.fstat(listener.fileno()).st_ino
        lifeline, self.lifeline = os.pipe()
        self.lifeline_inode = os.fstat(lifeline).st_ino

        def in_child():
            os.dup2(listener.fileno(), 3)
            os.environ["LISTEN_PID"] = str(listen_pid or os.getpid())
            os.environ.update(
                LISTEN_FDS="1", LISTEN_FDNAMES="goplug", GOPLUG_PROTOCOL="2",
                GOPLUG_NAME=announced.keys["Name"],
                GOPLUG_NAMESPACE=announced.keys.get("NameSpace", ""),
                GOPLUG_LIFELINE=str(lifeline))

        os.environ.pop("LISTEN_PID", None)
        # What a plugin writes when its host is gone goes into pipes that nobody reads.
        self.process = subprocess.Popen(
            announced.command, cwd=announced.path.parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(3, lifeline),
            preexec_fn=in_child, start_new_session=True)
        listener.close()
        os.close(lifeline)
        self.lines, self.readers = [], []
        for stream in (self.process.stdout, self.process.stderr):
            if output == "broken":
                stream.close()
                continue
            self.readers.append(threading.Thread(target=self.read, args=[stream], daemon=True))
            self.readers[-1].start()
        self.clients, self.descriptor = [], None

    def read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line.decode(errors="replace"))

    def connect(self):
        self.clients.append(Client(self.socket))
        return self.clients[-1]

    def post(self, path, body=b"", **headers):
        return self.connect().post(path, body, **headers)

    def activate(self, configuration=None):
        response = self.post("Activate", json.dumps(configuration), Goplug_Protocol="2")
        assert response.status == 200, response
        self.descriptor = response.json()
        return self

    def end_host(self):
        os.close(self.lifeline)
        self.lifeline = None

    def exit(self):
        """Waits for the end of the process, and returns its status."""
        return self.process.wait(PATIENCE)

    def is_alive(self):
        return self.process.poll() is None

    def methods(self):
        return {method["name"]: method for method in self.descriptor.get("methods", [])}

    def need(self, *names):
        """Skips the check unless the plugin has these methods or callbacks."""
        callbacks = {callback["name"] for callback in self.descriptor.get("callbacks", [])}
        for name in names:
            if name not in self.methods() and name not in callbacks:
                raise Skip(f"the plugin has no {name}")

    def path(self, name):
        return str(self.folder / name)

    def begin_wait(self):
        """Begins a call that waits for the file `gate`. Returns its connection."""
        self.need("wait_at")
        client = self.connect()
        begun = self.path(f"begun-{len(self.clients)}")
        client.request("wait_at", {"begun": begun, "gate": self.path("gate")})
        until("the call has begun", lambda: os.path.exists(begun))
        return client

    def open_gate(self):
        pathlib.Path(self.path("gate")).touch()

    def listen(self, names, body=None, **headers):
        """Registers callbacks, and returns their stream."""
        body = json.dumps(names) if body is None else body
        client = self.connect()
        client.request("RegisterCallback", body, Goplug_Protocol="2", **headers)
        head = client.head()
        assert head.status == 200, head
        return Events(client, head)

    def close(self):
        for client in self.clients:
            client.socket.close()
        if self.lifeline is not None:
            self.end_host()
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.temp.cleanup()


class Response:
    def __init__(self, status, headers, body=b""):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"

    def is_problem(self, status, kind):
        """Checks that this is a whole problem document of this kind; returns it."""
        assert self.status == status, self
        assert self.headers.get("content-type", "").startswith("application/problem+json"), self
        document = self.json()
        assert document["type"] == f"urn:goplug:error:{kind}", self
        assert document["status"] == status, self
        assert isinstance(document["title"], str) and document["title"], self
        assert isinstance(document["detail"], str), self
        return document

    def is_result(self, value):
        assert self.status == 200, self
        assert self.headers["content-type"].startswith("application/json"), self
        assert self.json() == value, self


class Client:
    """One connection, on which requests are written as bytes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def try_send(self, data):
        """Sends as much of it as the peer takes."""
        try:
            self.send(data)
        except OSError:
            pass

    def request(self, path, body=b"", **headers):
        """Sends a request. The path is a method's name, or a target if it begins with a slash."""
        body = json.dumps(body) if isinstance(body, (dict, list)) else body
        body = body.encode() if isinstance(body, str) else body
        path = path if path.startswith("/") else f"/{path}"
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        head = f"POST {path} HTTP/1.1\r\nHost: goplug\r\n{''.join(lines)}"
        self.send(head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def post(self, path, body=b"", **headers):
        self.request(path, body, **headers)
        return self.response()

    def read(self, enough):
        """Receives until `enough` finds something in what has been received."""
        while (found := enough(self.received)) is None:
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError(f"the connection ended after {self.received[:200]!r}")
            self.received += data
        return found

    def take(self, count):
        self.read(lambda data: len(data) >= count or None)
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def line(self):
        end = self.read(lambda data: data.find(b"\r\n") + 1 or None)
        return self.take(end + 1)[:-2]

    def head(self):
        status = self.line().decode()
        assert re.match(r"HTTP/1\.1 [1-5][0-9][0-9]( |$)", status), status
        headers = {}
        while line := self.line():
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return Response(int(status.split(" ")[1]), headers)

    def response(self):
        """The next response with its body."""
        response = self.head()
        if response.status < 200:
            return response
        if response.headers.get("transfer-encoding") == "chunked":
            while piece := self.chunk():
                response.body += piece
        else:
            response.body = self.take(int(response.headers["content-length"]))
        return response

    def chunk(self):
        size = int(self.line().split(b";")[0], 16)
        data = self.take(size)
        assert self.take(2) == b"\r\n"
        return data

    def trailers(self):
        """The trailers after the last chunk, whether or not an empty line follows."""
        head, _, rest = self.ends().partition(b"\r\n")
        assert re.fullmatch(b"0+", head), head
        lines = [line for line in rest.split(b"\r\n") if line]
        assert all(rb":" in line for line in lines), lines
        named = (line.decode("ascii").split(":", 1) for line in lines)
        return {name.lower(): value.strip() for name, value in named}

    def ends(self):
        """Waits for the end of the connection. Returns what came before it."""
        try:
            while data := self.socket.recv(1 << 16):
                self.received += data
        except ConnectionResetError:
            pass
        return self.received

    def is_open(self):
        """Whether the peer has neither sent anything nor closed the connection."""
        return not select.select([self.socket], [], [], 0)[0]


class Events:
    """A stream of events: of callbacks, which are numbered, or of the items of a result."""

    def __init__(self, client, head, numbered=True):
        self.client, self.head, self.text, self.numbered = client, head, b"", numbered
        self.ended, self.traceparent = False, None

    def next(self):
        """The next event as (id, name, data); None at the proper end of the stream. `traceparent` is then
        what the event says of its trace."""
        while True:
            while b"\n\n" not in self.text:
                piece = self.client.chunk()
                if not piece:
                    assert not self.text, self.text
                    self.ended = True
                    return None
                self.text += piece
            event, self.text = self.text.split(b"\n\n", 1)
            fields = {}
            for line in event.decode().split("\n"):
                name, _, value = line.partition(":")
                fields.setdefault(name, []).append(value.removeprefix(" "))
            if "data" in fields:
                number, self.traceparent = (fields.get(key, [None])[0] for key in ("id", "traceparent"))
                number = int(number) if self.numbered else number
                return (number, fields["event"][0], "\n".join(fields["data"]))

    def take(self, count):
        return [self.next() for _ in range(count)]
