"""The host's side, as far as it is needed here: a plugin as a process, and HTTP."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

TIMEOUT = 30  # seconds: long enough for a busy machine

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
        self.command = [str(self.path.parent / program), *arguments]


class Plugin:
    """A process of the plugin, started as a host starts it."""

    def __init__(self, announced):
        self.temp = tempfile.TemporaryDirectory(prefix="goplug-openapi-")
        self.socket = os.path.join(self.temp.name, "s")
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
        self.lines = []
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self.read, args=[stream], daemon=True).start()

    def read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line.decode(errors="replace"))

    def request(self, method, target, body=None, headers={}):
        """Sends a request, which has to succeed. Returns the media type and the body of the answer."""
        with contextlib.closing(Connection(self.socket)) as connection:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, f"{target}: {response.status} {answer[:300]!r}"
            return response.headers.get_content_type(), answer

    def activate(self):
        self.request("POST", "/Activate", "null", {"Goplug-Protocol": "2"})

    def exit(self):
        """Waits for the end of the process, and returns its status."""
        return self.process.wait(TIMEOUT)

    def is_alive(self):
        return self.process.poll() is None

    def close(self):
        os.close(self.lifeline)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        self.temp.cleanup()


class Connection(http.client.HTTPConnection):
    """A connection to the socket of this path."""

    def __init__(self, path):
        super().__init__("goplug", timeout=TIMEOUT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)
