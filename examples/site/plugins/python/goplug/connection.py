"""Requests and responses. Each connection has a thread, on which its methods run."""

import http.server
import json
import socket
import time
import traceback
import urllib.parse

from .plugin import Host
from .problem import Problem, json_of

BODY_LIMIT = 64 << 20  # bytes
QUIET = 15  # seconds without an event, after which a comment tests the connection


class Connection(http.server.BaseHTTPRequestHandler):
    """One connection: it serves requests until one of the two ends closes it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        name = urllib.parse.unquote(self.path.split("?")[0].split("/")[1])
        try:
            body = self.body()
            reserved = {"Activate": self.activate, "Ping": self.ping, "Stop": self.stop,
                        "RegisterCallback": self.register}.get(name)
            reserved(body) if reserved else self.call(name, body)
        except Problem as problem:
            self.answer(problem.document, "application/problem+json", problem.status)

    def body(self):
        length = self.headers.get("Content-Length", "0")
        self.close_connection = True  # unless the body is read whole
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            raise Problem("bad-request", "the body needs a Content-Length")
        if int(length) > BODY_LIMIT:
            raise Problem("body-too-large", f"{length} bytes, and the limit is {BODY_LIMIT}")
        body = self.rfile.read(int(length))
        self.close_connection = False
        return body

    def answer(self, value, media_type="application/json", status=200, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response_only(status)
        for key, text in {"Content-Type": media_type, **headers}.items():
            self.send_header(key.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def activate(self, _):
        plugin = self.server.plugin
        plugin.active = True
        if self.headers.get("Goplug-Protocol") != "2":  # a GoPlug 1 host
            return self.answer(list(plugin.methods))
        self.answer(plugin.descriptor, "application/vnd.goplug+json", Goplug_Protocol="2")

    def ping(self, body):
        self.answer(body, "application/octet-stream")

    def stop(self, _):
        self.server.plugin.stop()
        self.answer(b"", "application/octet-stream")
        self.server.plugin.end()

    def call(self, name, body):
        plugin = self.server.plugin
        with plugin.lock:
            if plugin.stopping:
                raise Problem("stopping", "the plugin is on its way out")
            if not plugin.active:
                raise Problem("not-active", "the plugin has to be activated first")
            if name not in plugin.methods:
                raise Problem("unknown-method", f"there is no method {name!r}")
            if not self.headers.get("Goplug-Timeout", "0").isdigit():
                raise Problem("bad-request", "Goplug-Timeout is no number of milliseconds")
            plugin.in_flight += 1
        try:
            result = plugin.methods[name](self, **plugin.arguments(name, body))
            self.answer(result)
        except (Problem, ConnectionError):
            raise
        except Exception as error:  # a method that fails does not end the plugin
            traceback.print_exc()
            raise Problem("handler-panicked", repr(error)) from error
        finally:
            with plugin.lock:
                plugin.in_flight -= 1
                plugin.lock.notify_all()

    def check(self):
        """Raises an exception once the call's deadline has passed or its caller is gone."""
        budget = self.headers.get("Goplug-Timeout")
        if budget and time.monotonic() > self.since + int(budget) / 1000:
            raise Problem("deadline-exceeded", f"not done within {budget} ms")
        try:
            if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                raise ConnectionResetError("the caller lost interest")
        except BlockingIOError:
            pass  # nothing to read, and not closed: the caller waits

    def register(self, body):
        """Opens the callback stream of a host. It replaces an earlier stream of that host."""
        plugin, token = self.server.plugin, self.headers.get("Goplug-Host", self)
        names = json_of(body, "bad-request")
        if not isinstance(names, list):
            raise Problem("bad-request", "expected a JSON array of callback names")
        with plugin.lock:
            host = plugin.hosts.setdefault(token, Host())
            host.names, host.stream, host.gone_since = names, self if names else None, None
            last, upto = self.headers.get("Last-Event-ID", ""), host.sent
            lost = upto - int(last) if last.isdigit() else 0
            if not names:
                del plugin.hosts[token]
            plugin.lock.notify_all()
        self.send_response_only(200)
        self.send_header("Goplug-Protocol", "2")
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if lost > 0:  # events are not kept once they are sent
                self.chunk(f"id: {upto}\nevent: gap\ndata: {lost}\n\n")
            while event := self.next_event(host):
                self.chunk(event)
            self.wfile.write(b"0\r\n\r\n")
        finally:  # replaced, ended, or broken: after a broken stream the host may come back
            with plugin.lock:
                if host.stream is self:
                    host.stream, host.gone_since = None, time.monotonic()
                if token is self:  # a host without a token is forgotten with its connection
                    host.names = []
                    plugin.hosts.pop(token, None)

    def next_event(self, host):
        plugin = self.server.plugin
        with plugin.lock:
            def replaced():
                return host.stream is not self or plugin.ended
            plugin.lock.wait_for(lambda: host.waiting or replaced(), QUIET)
            if replaced():
                return None
            if not host.waiting:
                return ": quiet\n\n"
            name, data = host.waiting.popleft()
            host.sent += 1
            plugin.lock.notify_all()
            return f"id: {host.sent}\nevent: {name}\ndata: {data}\n\n"

    def chunk(self, text):
        self.wfile.write(b"%x\r\n%b\r\n" % (len(text.encode()), text.encode()))

    def parse_request(self):
        self.since = time.monotonic()
        return super().parse_request()

    def send_error(self, _code, message=None, _explain=None):
        """Answers a request that is not HTTP, or that has another verb than POST."""
        self.close_connection = True
        self.request_version = self.protocol_version  # so that there is a status line
        problem = Problem("bad-request", message or "not HTTP")
        self.answer(problem.document, "application/problem+json", problem.status)

    def log_message(self, *_):
        """Logs nothing: the host logs calls, and standard error is for errors."""
