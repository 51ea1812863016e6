"""The host's side, as far as it is needed here: a plugin as a process, and HTTP."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading

PATIENCE = 30  # seconds: long enough for a busy machine

# A child's listening socket is its descriptor 3. So nothing else here is number 3.
RESERVED = os.open(os.devnull, os.O_RDONLY)
if RESERVED != 3:
    os.dup2(RESERVED, 3)


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

    def __init__(self, announced):
        self.announced = announced
        self.temp = tempfile.TemporaryDirectory(prefix="goplug-openapi-")
        self.folder = pathlib.Path(self.temp.name)
        self.socket = str(self.folder / "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        listener.listen(512)
        lifeline, self.lifeline = os.pipe()

        def in_child():
            os.dup2(listener.fileno(), 3)
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ.update(
                LISTEN_FDS="1", LISTEN_FDNAMES="goplug", GOPLUG_PROTOCOL="2",
                GOPLUG_NAME=announced.keys["Name"],
                GOPLUG_NAMESPACE=announced.keys.get("NameSpace", ""),
                GOPLUG_LIFELINE=str(lifeline))

        os.environ.pop("LISTEN_PID", None)
        self.process = subprocess.Popen(
            announced.command, cwd=announced.path.parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(3, lifeline),
            preexec_fn=in_child, start_new_session=True)
        listener.close()
        os.close(lifeline)
        self.lines, self.readers = [], []
        for stream in (self.process.stdout, self.process.stderr):
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

    def exit(self):
        """Waits for the end of the process, and returns its status."""
        return self.process.wait(PATIENCE)

    def is_alive(self):
        return self.process.poll() is None

    def close(self):
        for client in self.clients:
            client.socket.close()
        os.close(self.lifeline)
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


class Client:
    """One connection, on which requests are written as bytes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

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
